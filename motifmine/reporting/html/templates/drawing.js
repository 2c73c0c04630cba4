// How the time line is drawn.

const MARK_ROOM_PX = 14; // marks that stand closer than this on the whole get no number and length

function drawTimeline(line) {
  const context = sharpContext(line.canvas, line.width, line.height);
  const look = {
    ink: styleValue("--ink"), soft: styleValue("--soft"), line: styleValue("--line"),
    extent: styleValue("--extent"), card: styleValue("--card"),
    font: getComputedStyle(document.body).fontFamily,
  };
  const first = Math.max(0, Math.floor(line.scroll.scrollTop / line.rowPx));
  const below = Math.ceil((line.scroll.scrollTop + line.height) / line.rowPx);
  const last = Math.min(line.rows.length, below);
  const most = Math.max(2, (line.width - line.gutter) / 95);
  const ticks = axisTicks(line.view, line.ms(line.gutter), line.to, most);
  context.save();
  context.beginPath();
  context.rect(line.gutter, AXIS_PX, line.width - line.gutter, line.height - AXIS_PX);
  context.clip();
  drawBands(context, line, look, first, last);
  context.fillStyle = look.line;
  for (const [ms] of ticks) context.fillRect(Math.round(line.x(ms)), AXIS_PX, 1, line.height);
  for (let place = first; place < last; place++) drawRow(context, line, place);
  if (line.moment) drawMoment(context, line, look);
  if (line.picked >= 0) drawPicked(context, line, look);
  context.restore();
  drawAxis(context, line, look, ticks);
  drawNames(context, line, look, first, last);
}

/** Where there are recordings: a base line on the row they belong to, or a band over all rows. */
function drawBands(context, line, look, first, last) {
  const bottom = Math.min(line.height, line.rowTop(line.rows.length));
  for (const [row, from, to] of line.view.bands) {
    if (to < line.from || from > line.to) continue;
    if (row >= 0 && (line.place[row] < first || line.place[row] >= last)) continue;
    const [left, width] = [line.x(from), Math.max(1, (to - from) * line.pxPerMs)];
    context.fillStyle = look.extent;
    if (row >= 0) context.fillRect(left, line.rowTop(line.place[row]) + line.rowPx - 4, width, 1.5);
    else {
      context.globalAlpha = 0.3;
      context.fillRect(left, AXIS_PX, width, bottom - AXIS_PX);
      context.globalAlpha = 1;
      context.fillRect(left, AXIS_PX, 1, bottom - AXIS_PX);
    }
  }
}

function drawRow(context, line, place) {
  const row = line.rows[place];
  const base = line.rowTop(place) + line.rowPx - 4;
  if (line.view.clock !== "recording") {
    context.fillStyle = motifColour(row, 0.35);
    context.fillRect(line.gutter, base, line.width, 1);
  }
  if (line.hasBars) drawBars(context, line, row, base);
  else drawMarks(context, line, row, base);
}

function occurrencesInSight(line, row, before) {
  const { offsets } = line.view;
  const low = firstFrom(line.view, offsets[row], offsets[row + 1], line.from - before);
  return [low, firstFrom(line.view, low, offsets[row + 1], line.to)];
}

function markHeight(line, occurrence) {
  const relative = occurrences.weight[occurrence] / (heaviest[occurrences.motif[occurrence]] || 1);
  return 4 + (line.rowPx - 10) * Math.sqrt(relative);
}

/** Occurrences of one pixel column become one mark, as high as the highest. */
function drawMarks(context, line, row, base) {
  const columns = Math.ceil(line.width - line.gutter) + 1;
  const height = new Float32Array(columns);
  const motif = new Int32Array(columns);
  const [low, high] = occurrencesInSight(line, row, 0);
  for (let k = low; k < high; k++) {
    const occurrence = line.view.order[k];
    const m = occurrences.motif[occurrence];
    if (!line.shown[m]) continue;
    const column = Math.max(0, Math.floor(line.x(line.view.at[occurrence]) - line.gutter));
    const h = markHeight(line, occurrence);
    if (h > height[column]) [height[column], motif[column]] = [h, m];
  }
  for (let c = 0; c < columns; c++) {
    if (!height[c]) continue;
    context.fillStyle = markColour(motif[c]);
    context.fillRect(line.gutter + c - 0.5, base - height[c], 2, height[c]);
  }
}

const colourOfMark = { dark: null, colours: [] };
/** Colours kept, because a string made for each of many thousand marks takes long. */
function markColour(motif) {
  if (colourOfMark.dark !== dark.matches) {
    Object.assign(colourOfMark, { dark: dark.matches, colours: [] });
  }
  return (colourOfMark.colours[motif] ||= motifColour(motif, 0.9));
}

/**
 * Occurrences with their length: a bar from relative time 0 to the motif's end. Where motifs share
 * a row the bars would cover each other; there a thin line at the mark's top tells the length.
 */
function drawBars(context, line, row, base) {
  const width = motifMs * line.pxPerMs;
  const isShared = line.view.clock === "recording";
  const [low, high] = occurrencesInSight(line, row, motifMs);
  if (isShared && high - low > line.width / MARK_ROOM_PX) {
    drawMarks(context, line, row, base);
    return;
  }
  context.font = `600 11px ${getComputedStyle(document.body).fontFamily}`;
  context.textBaseline = "alphabetic";
  let free = -Infinity; // where the next number would not touch the one before
  for (let k = low; k < high; k++) {
    const occurrence = line.view.order[k];
    const motif = occurrences.motif[occurrence];
    if (!line.shown[motif]) continue;
    const [left, height] = [line.x(line.view.at[occurrence]), markHeight(line, occurrence)];
    context.fillStyle = motifColour(motif, isShared ? 0.32 : 0.26);
    context.fillRect(left, base - height, width - 1, isShared ? 1.5 : height);
    context.fillStyle = markColour(motif);
    context.fillRect(left, base - height, 2.5, height);
    if (isShared && left > free) {
      const label = String(motif + 1);
      context.fillText(label, left + 5, base - height + 11);
      free = left + 3 + 7 * label.length;
    }
  }
}

function drawPicked(context, line, look) {
  const place = line.place[line.view.rowOf[line.picked]];
  if (place < 0) return;
  const left = line.x(line.view.at[line.picked]);
  const top = line.rowTop(place);
  context.strokeStyle = look.ink;
  context.lineWidth = 2;
  const width = line.hasBars ? motifMs * line.pxPerMs + 5 : 8;
  context.strokeRect(left - 3, top + 1, Math.max(8, width), line.rowPx - 2);
}

function drawMoment(context, line, look) {
  const { row, from, to } = line.moment;
  const top = row < 0 ? AXIS_PX : line.rowTop(line.place[row]);
  const height = row < 0 ? line.height - AXIS_PX : line.rowPx;
  context.strokeStyle = look.ink;
  context.lineWidth = 2;
  context.strokeRect(line.x(from), top + 1, Math.max(4, (to - from) * line.pxPerMs), height - 2);
}

function drawAxis(context, line, look, ticks) {
  context.fillStyle = look.card;
  context.fillRect(0, 0, line.width, AXIS_PX);
  context.fillStyle = look.soft;
  context.font = `12px ${look.font}`;
  context.textBaseline = "middle";
  context.textAlign = "center";
  let free = line.gutter;
  for (const [ms, label] of ticks) {
    const half = context.measureText(label).width / 2;
    const x = Math.min(Math.max(line.x(ms), line.gutter + half), line.width - half - 2);
    if (x - half < free) continue;
    context.fillText(label, x, AXIS_PX / 2);
    free = x + half + 10;
  }
  context.fillStyle = look.line;
  context.fillRect(0, AXIS_PX - 1, line.width, 1);
}

function drawNames(context, line, look, first, last) {
  context.save();
  context.beginPath();
  context.rect(0, AXIS_PX, line.gutter, line.height - AXIS_PX);
  context.clip();
  context.font = `12px ${look.font}`;
  context.textBaseline = "alphabetic";
  context.textAlign = "left";
  context.direction = "ltr";
  for (let place = first; place < last; place++) {
    const row = line.rows[place];
    const middle = line.rowTop(place) + line.rowPx - 7;
    const isMotif = line.view.clock !== "recording";
    if (isMotif) {
      context.fillStyle = motifColour(row);
      context.fillRect(11, middle - 9, 9, 9);
    }
    context.fillStyle = look.soft;
    const left = isMotif ? 26 : 12;
    const name = shortened(context, line.view.names[row], line.gutter - 10 - left);
    context.fillText(name, left, middle);
  }
  context.restore();
}

/** A name that fits: the middle goes, because recordings differ at their ends. */
function shortened(context, name, width) {
  if (context.measureText(name).width <= width) return name;
  let keep = name.length;
  let text = name;
  do {
    keep -= 1;
    const head = Math.floor(keep / 3);
    text = `${name.slice(0, head)}…${name.slice(name.length - (keep - head))}`;
  } while (keep > 2 && context.measureText(text).width > width);
  return text;
}
