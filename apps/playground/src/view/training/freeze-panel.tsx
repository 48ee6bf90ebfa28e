import { symmetricScale } from '../../draw/scale.js';
import { freeze, frozen, type OnnxRun, onnxRun, runFrozen, settings } from '../../state/store.js';
import type { Frozen } from '../../training/messages.js';
import { download } from '../download.js';
import { short, term } from '../figures.js';
import { Plane } from '../plane/plane.js';

/** The frozen model: its certificate, its file, and the file run in ONNX Runtime. */
export function FreezePanel() {
  const model = frozen.value;
  const run = onnxRun.value;
  return (
    <section class="freeze" aria-label="Freeze">
      <div class="buttons">
        <button type="button" onClick={freeze}>
          Freeze and prove
        </button>
        {model && (
          <>
            <button type="button" onClick={() => download('police.onnx', model.onnx)}>
              Download ONNX
            </button>
            <button type="button" onClick={() => download('certificate.json', model.certificate)}>
              Download certificate
            </button>
            <button type="button" onClick={() => void runFrozen()}>
              Run in ONNX Runtime
            </button>
          </>
        )}
      </div>
      {model && <Proof model={model} />}
      {run && <OnnxRunView run={run} />}
    </section>
  );
}

function Proof({ model }: { readonly model: Frozen }) {
  return (
    <div class="proof" aria-live="polite">
      <p>{proven(model)}</p>
      <ul>
        {model.maps.map(({ a, b, error }, r) => (
          <li key={a.join()}>
            region {r + 1}: y = {short(a[0])} x₁ {term(a[1], ' x₂')} {term(b)}, to {short(error)}
          </li>
        ))}
      </ul>
      <details>
        <summary>The certificate</summary>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls */}
        <pre tabIndex={0}>{model.certificate}</pre>
      </details>
    </div>
  );
}

function proven({ maps, smallestMargin }: Frozen): string {
  const where = maps.length === 1 ? 'the region' : 'every region';
  return smallestMargin === undefined
    ? `Proven: on ${where} the cones have no width, so that it is the affine map whatever the network does.`
    : `Proven: on ${where} no unit changes sign; the nearest stays ${short(smallestMargin)} off its kink.`;
}

function OnnxRunView({ run }: { readonly run: OnnxRun }) {
  return (
    <>
      <p aria-live="polite" class="onnx-difference" data-difference={run.difference}>
        ONNX Runtime, in this page: largest difference from the frozen model {short(run.difference)}.
      </p>
      <div class="single">
        <Plane
          title="In ONNX Runtime"
          caption="the exported file"
          view={run}
          scale={symmetricScale(run.values)}
          regions={settings.value.regions}
        />
      </div>
    </>
  );
}
