import { pointFrom } from '../../own/point.js';
import { output, own, slice } from '../../state/own.js';
import { message } from '../../state/store.js';

/** Which two inputs the square shows, from where to where, and where the others are. */
export function SliceSettings() {
  const { inputs, outputs } = own.value!;
  const { axes, from, to, at } = slice.value;
  const axis = (place: 0 | 1, label: string) => (
    <NumberField
      label={label}
      value={axes[place]}
      isAllowed={n => Number.isInteger(n) && n >= 0 && n < inputs && n !== axes[1 - place]}
      onChange={n => {
        slice.value = { ...slice.value, axes: place === 0 ? [n, axes[1]] : [axes[0], n] };
      }}
    />
  );
  const isSame = at.every(x => x === at[0]);
  return (
    <div class="slice">
      {axis(0, 'input across')}
      {axis(1, 'input up')}
      <NumberField
        label="from"
        value={from}
        isAllowed={n => n < to}
        onChange={n => {
          slice.value = { ...slice.value, from: n };
        }}
      />
      <NumberField
        label="to"
        value={to}
        isAllowed={n => n > from}
        onChange={n => {
          slice.value = { ...slice.value, to: n };
        }}
      />
      {outputs > 1 && (
        <NumberField
          label="output"
          value={output.value}
          isAllowed={n => Number.isInteger(n) && n >= 0 && n < outputs}
          onChange={n => {
            output.value = n;
          }}
        />
      )}
      {inputs > 2 && (
        <label class="choice others">
          <span>others at: one number, or all {inputs}</span>
          <input
            type="text"
            value={isSame ? `${at[0]}` : at.join(' ')}
            onChange={event => {
              const point = pointFrom(event.currentTarget.value, inputs);
              if (point) slice.value = { ...slice.value, at: point };
              else message.value = `Others at: expected one number, or ${inputs}, apart by spaces or commas.`;
            }}
          />
        </label>
      )}
    </div>
  );
}

interface NumberFieldProps {
  readonly label: string;
  readonly value: number;
  readonly isAllowed: (value: number) => boolean;
  readonly onChange: (value: number) => void;
}

/** Goes back to what it was where a number is not allowed. */
function NumberField({ label, value, isAllowed, onChange }: NumberFieldProps) {
  return (
    <label class="choice">
      <span>{label}</span>
      <input
        type="number"
        step="any"
        value={value}
        onChange={event => {
          const next = event.currentTarget.valueAsNumber;
          if (Number.isFinite(next) && isAllowed(next)) onChange(next);
          else event.currentTarget.value = `${value}`;
        }}
      />
    </label>
  );
}
