import { boxAround, enforce, freeze, certify, leakyRelu } from '@police/core';
import { useFastProducts } from '@police/core/fast';
import { randomNetwork } from '/work/main/apps/bench/dist/backends/core-net.js';
import { residualNetwork } from '/work/main/apps/bench/dist/residual-network.js';
import { Session } from 'node:inspector/promises';
useFastProducts();
const which=process.argv[2];
const [net,region]= which==='dense'?[randomNetwork([3072,1024,1024,10],leakyRelu(0.01),1),boxAround(new Float64Array(3072).fill(0.5),0.02)]:[residualNetwork(+(process.argv[3]??16),3).net,boxAround(new Float64Array(3072).fill(0.5),0.02)];
const opt= which==='dense'?{}:{memory:2**30};
const s=new Session();s.connect();await s.post('Profiler.enable');
async function prof(name,f){await s.post('Profiler.start');const c=process.cpuUsage();const r=f();const u=process.cpuUsage(c);const {profile:p}=await s.post('Profiler.stop');
const self=new Map();const by=new Map(p.nodes.map(n=>[n.id,n]));
p.samples.forEach((id,i)=>{const n=by.get(id).callFrame;const k=n.functionName+' '+n.url.split('/').slice(-2).join('/')+':'+n.lineNumber;self.set(k,(self.get(k)||0)+p.timeDeltas[i]);});
console.log('==',name,((u.user+u.system)/1e6).toFixed(2));[...self].sort((a,b)=>b[1]-a[1]).slice(0,16).forEach(([k,v])=>console.log('  ',(v/1e6).toFixed(2),k));return r}
const e=await prof('enforce',()=>enforce(net,[region],opt));
const f=await prof('freeze',()=>freeze(e.network,[region],opt));
await prof('certify',()=>certify(f.network,[region],opt));
