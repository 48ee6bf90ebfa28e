interface ChoiceProps<T extends string | number> {
  readonly label: string;
  readonly value: T;
  readonly options: readonly T[];
  readonly names?: Partial<Record<T, string>>;
  readonly disabled?: boolean;
  readonly onChange: (value: T) => void;
}

/** A labelled list to choose from. */
export function Choice<T extends string | number>({
  label,
  value,
  options,
  names,
  disabled = false,
  onChange,
}: ChoiceProps<T>) {
  return (
    <label class="choice">
      <span>{label}</span>
      <select
        value={value}
        disabled={disabled}
        onChange={event => onChange(options[event.currentTarget.selectedIndex])}
      >
        {options.map(option => (
          <option key={option} value={option}>
            {names?.[option] ?? option}
          </option>
        ))}
      </select>
    </label>
  );
}
