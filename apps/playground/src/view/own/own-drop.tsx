import { openOwn } from '../../state/own.js';

/** Where someone's own ONNX model is given to the page, which keeps it to itself. */
export function OwnDrop() {
  const read = (file: File | undefined) => {
    if (file) void openOwn(file);
  };
  return (
    <section class="own" aria-label="Your own model">
      <label
        class="drop"
        onDragOver={event => event.preventDefault()}
        onDrop={event => {
          event.preventDefault();
          read(event.dataTransfer?.files[0]);
        }}
      >
        <input
          type="file"
          accept=".onnx"
          onChange={event => {
            read(event.currentTarget.files?.[0]);
            event.currentTarget.value = '';
          }}
        />
        <span>
          <b>Your own .onnx</b>, of any number of inputs: drop it here or choose it, and see it before and
          after, by shifts and by a patch. It stays in this page.
        </span>
      </label>
    </section>
  );
}
