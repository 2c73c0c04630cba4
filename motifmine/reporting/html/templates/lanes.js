// What the time line can show: rows, and on each row occurrences in order of time.
//
// A view has
//   clock          "recording", "wall" or "joined"
//   names          of its rows
//   offsets, order occurrences of row r are order[offsets[r]:offsets[r + 1]]
//   at, rowOf      place on the axis (ms) and row, by occurrence
//   bands          recorded stretches: row (-1 for all rows), from, to, recording
//   from, to       the whole axis, ms

function viewByRecording() {
  const bands = recordings.name.map((_, d) => [d, recordings.from_ms[d], recordings.to_ms[d], d]);
  return {
    clock: "recording",
    names: recordings.name,
    offsets: occurrences.offsets,
    order: Int32Array.from({ length: occurrences.n }, (_, i) => i),
    at: occurrences.start,
    rowOf: occurrences.document,
    bands,
    ...extent(bands, occurrences.start),
  };
}

/** Rows are motifs; recordings are placed by the clock, or one after the other. */
function viewByMotif(clock) {
  const base = new Float64Array(recordings.name.length);
  let end = 0;
  for (let d = 0; d < base.length; d++) {
    if (clock === "wall") base[d] = recordings.clock_ms[d];
    else {
      base[d] = end - recordings.from_ms[d];
      end += recordings.to_ms[d] - recordings.from_ms[d];
    }
  }
  const at = new Float64Array(occurrences.n);
  for (let i = 0; i < at.length; i++) at[i] = base[occurrences.document[i]] + occurrences.start[i];
  const order = Int32Array.from({ length: at.length }, (_, i) => i);
  order.sort((a, b) => occurrences.motif[a] - occurrences.motif[b] || at[a] - at[b]);
  const offsets = new Int32Array(motifs.length + 1);
  for (const motif of occurrences.motif) offsets[motif + 1] += 1;
  for (let m = 0; m < motifs.length; m++) offsets[m + 1] += offsets[m];
  const bands = recordings.name.map((_, d) => [
    -1, base[d] + recordings.from_ms[d], base[d] + recordings.to_ms[d], d,
  ]);
  const rowOf = occurrences.motif;
  return { clock, names: motifs, offsets, order, at, rowOf, bands, ...extent(bands, at) };
}

/** The axis: from the first begin of a recording (or of a motif before it) to the last end. */
function extent(bands, at) {
  let [from, to] = [Infinity, -Infinity];
  for (const [, left, right] of bands) [from, to] = [Math.min(from, left), Math.max(to, right)];
  for (const x of at) [from, to] = [Math.min(from, x), Math.max(to, x)];
  if (!(from < to)) [from, to] = [0, motifMs];
  return { from, to };
}

/** The views that make sense for these recordings: [key, what to call it, how to make it]. */
function possibleViews() {
  const clocks = recordings.clock_ms.every((ms) => ms !== null) && recordings.name.length > 0;
  const views = [["joined", "motifs, recordings end to end", () => viewByMotif("joined")]];
  if (recordings.name.length === 1) views[0][1] = "motifs";
  else views.unshift(["recording", "recordings", viewByRecording]);
  if (clocks) views.push(["wall", "motifs, by the clock (UTC)", () => viewByMotif("wall")]);
  return views;
}

/** Index of the first of order[low:high] whose place is not before `x`. */
function firstFrom(view, low, high, x) {
  while (low < high) {
    const middle = (low + high) >> 1;
    if (view.at[view.order[middle]] < x) low = middle + 1;
    else high = middle;
  }
  return low;
}

const MS = { s: 1e3, min: 6e4, h: 36e5, d: 864e5 };
const STEPS = [
  1, 2, 5, 10, 20, 50, 100, 200, 500,
  ...[1, 2, 5, 10, 15, 30].map((n) => n * MS.s),
  ...[1, 2, 5, 10, 15, 30].map((n) => n * MS.min),
  ...[1, 2, 3, 6, 12].map((n) => n * MS.h),
  ...[1, 2, 7, 14, 28, 91, 182, 365].map((n) => n * MS.d),
];

/** Round places of an axis, at most about `most`: [place, label]. */
function axisTicks(view, from, to, most) {
  const step = STEPS.find((s) => (to - from) / s <= most) || (to - from) / most;
  const ticks = [];
  for (let x = Math.ceil(from / step) * step; x <= to; x += step) {
    ticks.push([x, view.clock === "wall" ? wallLabel(x, step) : plainLabel(x, step)]);
  }
  return ticks;
}

function wallLabel(ms, step) {
  const iso = new Date(ms).toISOString();
  if (step >= MS.d) return iso.slice(0, 10);
  if (ms % MS.d === 0) return iso.slice(5, 10);
  return iso.slice(11, step >= MS.min ? 16 : step >= MS.s ? 19 : 23);
}

function plainLabel(ms, step) {
  const sign = ms < 0 ? "-" : "";
  const text = clockText(Math.abs(ms));
  const short = step >= MS.s ? text.slice(0, 8) : text;
  return sign + (short.startsWith("00:") ? short.slice(3) : short);
}
