import { type Scale, symmetricScale } from '../../draw/scale.js';
import type { Attempt, Kept } from '../../own/messages.js';
import { settings } from '../../state/store.js';
import { download } from '../download.js';
import { share, short } from '../figures.js';
import { Legend } from '../plane/legend.js';
import { Plane } from '../plane/plane.js';

interface KeptColumnProps {
  readonly title: string;
  /** Of the files to download, after `model-`. */
  readonly file: string;
  readonly attempt: Attempt | undefined;
  readonly scale: Scale;
  /** Whether the outputs make a decision: there are several. */
  readonly decides: boolean;
}

/** The model after one way of keeping the promise: what it computes, what changed, and its files. */
export function KeptColumn({ title, file, attempt, scale, decides }: KeptColumnProps) {
  const { regions } = settings.value;
  if (attempt && 'problem' in attempt) {
    return (
      <div class="kept">
        <h3>{title}</h3>
        <p class="problem">Not possible: {attempt.problem}</p>
      </div>
    );
  }
  const change = attempt ? symmetricScale(attempt.difference) : scale;
  return (
    <div class="kept">
      <Plane
        title={title}
        caption={attempt ? `bends by ${short(attempt.residual)}` : 'computing …'}
        view={attempt}
        scale={scale}
        regions={regions}
      />
      {attempt && (
        <>
          <KeptFigures kept={attempt} decides={decides} />
          <Plane
            title={`${title}: the difference`}
            caption={`up to ${short(attempt.largestChange)}`}
            view={{ values: attempt.difference }}
            scale={change}
            regions={regions}
          />
          <Legend {...change} />
          <div class="buttons">
            <button type="button" onClick={() => download(`model-${file}.onnx`, attempt.onnx)}>
              ONNX
            </button>
            <button type="button" onClick={() => download(`model-${file}.json`, attempt.certificate)}>
              Certificate
            </button>
          </div>
        </>
      )}
    </div>
  );
}

function KeptFigures({ kept, decides }: { readonly kept: Kept; readonly decides: boolean }) {
  return (
    <p class="own-figures">
      {kept.done}. {decides && <b>{share(kept.decisionsKept)} of decisions kept</b>}
      {decides && ', '}
      {share(kept.changed)} of this square changed.
    </p>
  );
}
