import { createHash, randomBytes } from 'node:crypto';
import { promises as fs } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';

/** Process numbers mean something on one machine only, and folders may be shared by several. */
const MACHINE = createHash('sha256').update(hostname()).digest('hex').slice(0, 8);

const NAME = new RegExp(`^\\.police-${MACHINE}-(\\d+)-[0-9a-f]{12}\\.tmp$`);

/** A name that no file has, by which later runs tell whether its process lives. */
export function temporaryIn(folder: string): string {
  return join(folder, `.police-${MACHINE}-${process.pid}-${randomBytes(6).toString('hex')}.tmp`);
}

/** Removes what killed processes of this machine left in a folder. What cannot be removed stays: it is in nobody's way. */
export async function sweepTemporaries(folder: string): Promise<void> {
  const names = await fs.readdir(folder).catch(() => []);
  const left = names.filter(name => {
    const [, pid] = NAME.exec(name) ?? [];
    return pid !== undefined && !isAlive(Number(pid));
  });
  await Promise.all(left.map(name => fs.unlink(join(folder, name)).catch(() => {})));
}

/** Signal 0 asks whether a process is there; one of another user may not be asked, and is. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return !(error instanceof Error && 'code' in error && error.code === 'ESRCH');
  }
}
