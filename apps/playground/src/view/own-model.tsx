import { leaveOwnModel, ownModel, readOwn } from '../state/store.js';

/** Someone's own ONNX model of two inputs. */
export function OwnModel() {
  const read = async (file: File | undefined) => {
    if (file) readOwn(new Uint8Array(await file.arrayBuffer()));
  };
  return (
    <section class="own" aria-label="Your own model">
      <label
        class="drop"
        onDragOver={event => event.preventDefault()}
        onDrop={event => {
          event.preventDefault();
          void read(event.dataTransfer?.files[0]);
        }}
      >
        <input
          type="file"
          accept=".onnx"
          onChange={event => {
            void read(event.currentTarget.files?.[0]);
            event.currentTarget.value = '';
          }}
        />
        <span>
          <b>Your own .onnx</b> with 2 inputs: drop it here or choose it, and see it before and after
        </span>
      </label>
      {ownModel.value && (
        <button type="button" onClick={leaveOwnModel}>
          Back to training
        </button>
      )}
    </section>
  );
}
