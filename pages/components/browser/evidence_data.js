// Evidence as numbers: unpacking, slicing by axes, and what a row says. It knows axes and kinds, no page and no model.

const DEPTH = ["layer", "head", "iteration"];
const MANY = { entity: "entities", knowledge: "entries" };

/** "1 object", "3 entities": so many items of an axis. */
function counted(number, axis) {
  return `${number} ${number === 1 ? (axis === "knowledge" ? "entry" : axis) : (MANY[axis] ?? `${axis}s`)}`;
}

/** In words, how far a row of attention is spread, from how many items it would be over if it were even. */
function spreadInWords(even, axis, count) {
  const share = even / count;
  if (count < 2) return "";
  if (share > 0.9) return `Even: it says nothing of any single ${axis}.`;
  return `Spread about as widely as an even look at ${counted(Math.max(1, Math.round(even)), axis)} of ${count}.`;
}

/** Little-endian float32, as Python packed it. */
function unpack(base64) {
  const bytes = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
  return new Float32Array(bytes.buffer);
}

/**
 * What is drawn of an array: up to two axes, rows before columns. All others are chosen from: layers, heads and
 * iterations first of all, then whatever stands before the last two.
 */
function planOf(axes) {
  const places = axes.map((_, place) => place);
  const deep = places.filter((place) => DEPTH.includes(axes[place]));
  const flat = places.filter((place) => !DEPTH.includes(axes[place]));
  const drawn = flat.slice(-2);
  return { chosen: [...deep, ...flat.slice(0, -2)].sort((one, other) => one - other), drawn };
}

/** The chosen slice as rows of columns; a vector is one row. `choice` maps an axis' place to an index, null is the mean. */
function slice(evidence, plan, choice) {
  const shape = evidence.items.map((items) => items.length);
  const strides = shape.map((_, place) => shape.slice(place + 1).reduce((product, size) => product * size, 1));
  let bases = [0];
  for (const place of plan.chosen) {
    const indices = choice[place] === null ? [...Array(shape[place]).keys()] : [choice[place]];
    bases = bases.flatMap((base) => indices.map((index) => base + index * strides[place]));
  }
  const [rowPlace, columnPlace] = plan.drawn.length === 2 ? plan.drawn : [null, plan.drawn[0]];
  const rows = rowPlace === null ? 1 : shape[rowPlace];
  const columns = columnPlace === undefined ? 1 : shape[columnPlace];
  return Array.from({ length: rows }, (_, row) =>
    Array.from({ length: columns }, (__, column) => {
      const at = (rowPlace === null ? 0 : row * strides[rowPlace]) + (columnPlace === undefined ? 0 : column * strides[columnPlace]);
      return bases.reduce((sum, base) => sum + evidence.values[base + at], 0) / bases.length;
    }),
  );
}

/** How many items the row would be spread over if it were even: exp of its entropy; null for an empty row. */
function spread(row) {
  const sum = row.reduce((total, value) => total + Math.max(0, value), 0);
  if (!(sum > 0)) return null;
  return Math.exp(-row.reduce((total, value) => (value > 0 ? total + (value / sum) * Math.log(value / sum) : total), 0));
}

/** How strongly each value is painted, 0..1: its share of the strongest one, or of a clear look. A gate is its own share. */
function weights(values, kind) {
  if (kind === "gate") return values.map((value) => Math.max(0, Math.min(1, value)));
  const sharp = kind === "attention" ? Math.min(1, 4 / values.length) : 0; // else an even look would glow everywhere
  const top = Math.max(...values.map(Math.abs), sharp, 1e-12);
  return values.map((value) => Math.abs(value) / top);
}

/** A value as people write it: attention as a share, everything else as a number. */
function written(value, kind) {
  return kind === "attention" ? percent(value) : value.toFixed(2);
}

/** The places of the strongest values, strongest first. */
function strongest(values, count) {
  return values.map((_, index) => index).sort((one, other) => values[other] - values[one]).slice(0, count);
}
