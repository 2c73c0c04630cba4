// What the page knows, decoded from its data block, and how numbers and times are written.
// Times are milliseconds; motifs, recordings and occurrences are indices that count from 0.

const block = JSON.parse(document.getElementById("report-data").textContent);
const motifs = block.motifs;
const recordings = block.recordings;
const scene = block.scene;
const motifMs = block.n_bins * block.bin_s * 1000;
const occurrences = decodeOccurrences(block.occurrences);
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const dark = matchMedia("(prefers-color-scheme: dark)");

function decodeOccurrences(columns) {
  const n = columns.motif.length;
  const found = {
    n,
    offsets: Int32Array.from(columns.offsets),
    document: new Int32Array(n),
    motif: Int32Array.from(columns.motif),
    start: new Float64Array(n),
    weight: Float32Array.from(columns.weight),
    score: Float32Array.from(columns.score, (value) => (value === null ? NaN : value)),
  };
  for (let d = 0; d + 1 < found.offsets.length; d++) {
    let start = 0;
    for (let i = found.offsets[d]; i < found.offsets[d + 1]; i++) {
      start += columns.step_ms[i];
      found.start[i] = start;
      found.document[i] = d;
    }
  }
  return found;
}

/** The largest weight of each motif: marks are as high as they are heavy for their motif. */
const heaviest = new Float32Array(motifs.length);
for (let i = 0; i < occurrences.n; i++) {
  const motif = occurrences.motif[i];
  heaviest[motif] = Math.max(heaviest[motif], occurrences.weight[i]);
}

/** HH:MM:SS.mmm with a minus sign before the recording's beginning, as in all other tables. */
function clockText(ms) {
  const whole = Math.round(Math.abs(ms));
  const part = (value, width) => String(value).padStart(width, "0");
  const sign = ms < 0 && whole ? "-" : "";
  const minutes = Math.floor(whole / 60000);
  return (
    `${sign}${part(Math.floor(minutes / 60), 2)}:${part(minutes % 60, 2)}:` +
    `${part(Math.floor(whole / 1000) % 60, 2)}.${part(whole % 1000, 3)}`
  );
}

/** Wall-clock time of an occurrence in ISO 8601 (UTC), "" where the start is unknown. */
function wallClock(occurrence) {
  const start = recordings.clock_ms[occurrences.document[occurrence]];
  return start === null ? "" : new Date(start + occurrences.start[occurrence]).toISOString();
}

function rounded(number) {
  return number.toLocaleString("en", { maximumSignificantDigits: 3 });
}

const ordinals = new Intl.PluralRules("en", { type: "ordinal" });
function ordinal(number) {
  const ending = { one: "st", two: "nd", few: "rd", other: "th" };
  return number.toLocaleString("en") + ending[ordinals.select(number)];
}

/** The colour of a motif; hues are a golden angle apart, so neighbours differ. */
function motifColour(motif, opacity = 1) {
  const hue = (285 + 137.508 * motif) % 360;
  const [lightness, chroma] = dark.matches ? [0.76, 0.14] : [0.56, 0.17];
  return `oklch(${lightness} ${chroma} ${hue.toFixed(1)} / ${opacity})`;
}

const timeStops = styleValue("--time").split(",").map((colour) => {
  const number = parseInt(colour.trim().slice(1), 16);
  return [number >> 16, (number >> 8) & 255, number & 255];
});

/** The colour of a relative time from 0 (violet, the motif's beginning) to 1 (red, its end). */
function timeColour(position, opacity) {
  const at = Math.min(Math.max(position, 0), 1) * (timeStops.length - 1);
  const low = Math.min(Math.floor(at), timeStops.length - 2);
  const mixed = timeStops[low].map((v, i) => v + (at - low) * (timeStops[low + 1][i] - v));
  return `rgba(${mixed.map(Math.round).join(",")},${opacity.toFixed(3)})`;
}

function styleValue(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** A new element; text goes in as text, so that no name can become markup. */
function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in element && !name.startsWith("aria")) element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

/** A canvas as sharp as the screen, its context measured in CSS pixels. */
function sharpContext(canvas, width, height) {
  const ratio = Math.min(window.devicePixelRatio || 1, 3);
  const [w, h] = [Math.max(1, Math.round(width * ratio)), Math.max(1, Math.round(height * ratio))];
  if (canvas.width !== w || canvas.height !== h) {
    canvas.width = w;
    canvas.height = h;
  }
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return context;
}
