// The time line: all occurrences on a canvas that can be zoomed, moved, filtered and picked from.

const AXIS_PX = 26;
// A motif as long as this is drawn with its length, else as a mark; marks of many motifs on one row
// need more room.
const BAR_FROM_PX = { recording: 70, joined: 14, wall: 14 };

class Timeline {
  constructor(root, onPick) {
    this.root = root;
    this.onPick = onPick;
    this.scroll = root.querySelector(".lanes");
    this.canvas = this.scroll.querySelector("canvas");
    this.tip = root.querySelector(".tip");
    this.shown = new Uint8Array(motifs.length).fill(1);
    this.picked = -1;
    this.pointers = new Map();
    this.makeViews();
    this.makeLegend();
    this.listen();
    this.choose(this.views[0][0]);
  }

  // --- what is shown ---

  makeViews() {
    this.views = possibleViews();
    const select = this.root.querySelector("select");
    for (const [key, title] of this.views) {
      select.append(make("option", { value: key, textContent: title }));
    }
    select.addEventListener("change", () => this.choose(select.value));
    select.closest("label").hidden = this.views.length < 2;
  }

  choose(key) {
    this.moment = null;
    this.view = this.views.find(([name]) => name === key)[2]();
    this.root.querySelector("select").value = key;
    this.fit();
    this.layOut();
  }

  makeLegend() {
    const legend = this.root.querySelector(".legend");
    this.chips = motifs.map((title, motif) => {
      const chip = make("button", { type: "button", className: "chip", "aria-pressed": "true" });
      const name = make("bdi", { textContent: shortTitle(title) });
      chip.append(make("i", { "aria-hidden": "true" }), name);
      chip.setAttribute("aria-label", title);
      chip.addEventListener("click", () => this.filter(motif));
      return chip;
    });
    const all = make("button", { type: "button", className: "chip plain", textContent: "all" });
    all.addEventListener("click", () => this.only(motifs.keys()));
    legend.append(all, ...this.chips);
    this.colour();
  }

  colour() {
    this.chips.forEach((chip, motif) => chip.style.setProperty("--hue", motifColour(motif)));
  }

  /** The first choice among all shows that motif alone; more can be added to it and taken away. */
  filter(motif) {
    if (this.shown.every((value) => value)) this.only([motif]);
    else {
      this.shown[motif] = 1 - this.shown[motif];
      if (!this.shown.some((value) => value)) this.shown.fill(1);
      this.only([...this.shown.keys()].filter((m) => this.shown[m]));
    }
  }

  only(chosen) {
    this.shown.fill(0);
    for (const motif of chosen) this.shown[motif] = 1;
    this.chips.forEach((chip, motif) => {
      chip.setAttribute("aria-pressed", String(Boolean(this.shown[motif])));
    });
    this.layOut();
  }

  /** Rows on the screen: all recordings, or the motifs that are chosen. */
  layOut() {
    this.rows = [...this.view.names.keys()];
    if (this.view.clock !== "recording") this.rows = this.rows.filter((row) => this.shown[row]);
    this.place = new Int32Array(this.view.names.length).fill(-1);
    this.rows.forEach((row, place) => { this.place[row] = place; });
    const n = this.rows.length;
    this.rowPx = n <= 8 ? 38 : n <= 16 ? 28 : n <= 60 ? 24 : 18;
    this.scroll.style.setProperty("--rows-px", `${this.rows.length * this.rowPx + AXIS_PX + 8}px`);
    this.draw();
  }

  // --- where things are ---

  get hasBars() { return motifMs * this.pxPerMs >= BAR_FROM_PX[this.view.clock]; }
  get width() { return this.scroll.clientWidth; }
  get height() { return this.scroll.clientHeight; }
  get gutter() { return Math.min(190, Math.max(76, 0.2 * this.width)); }
  get pxPerMs() { return (this.width - this.gutter - 8) / (this.to - this.from); }
  x(ms) { return this.gutter + (ms - this.from) * this.pxPerMs; }
  ms(x) { return this.from + (x - this.gutter) / this.pxPerMs; }
  rowTop(place) { return AXIS_PX + place * this.rowPx - this.scroll.scrollTop; }

  // --- zoom and movement ---

  fit() {
    const margin = 0.01 * (this.view.to - this.view.from);
    this.zoomTo(this.view.from - margin, this.view.to + margin);
  }

  zoomTo(from, to) {
    const margin = 0.01 * (this.view.to - this.view.from);
    const [first, last] = [this.view.from - margin, this.view.to + margin];
    const length = Math.min(Math.max(to - from, Math.min(200, last - first)), last - first);
    const middle = (from + to) / 2;
    this.from = Math.min(Math.max(middle - length / 2, first), last - length);
    this.to = this.from + length;
    this.draw();
  }

  zoomAt(x, factor) {
    const at = this.ms(x);
    this.zoomTo(at + (this.from - at) * factor, at + (this.to - at) * factor);
  }

  zoomMiddle(factor) {
    const held = this.picked >= 0 ? this.x(this.view.at[this.picked]) : -1;
    const middle = (this.gutter + this.width) / 2;
    this.zoomAt(held > this.gutter && held < this.width ? held : middle, factor);
  }

  pan(share) {
    const by = share * (this.to - this.from);
    this.zoomTo(this.from + by, this.to + by);
  }

  /** Bring an occurrence into the window. */
  reveal(occurrence) {
    const at = this.view.at[occurrence];
    const length = this.to - this.from;
    if (at < this.from + 0.02 * length || at > this.to - 0.05 * length) {
      this.zoomTo(at - length / 2, at + length / 2);
    }
    this.scrollToRow(this.view.rowOf[occurrence]);
  }

  // --- picking ---

  pick(occurrence) {
    this.picked = occurrence;
    this.moment = null;
    if (occurrence >= 0) {
      const motif = occurrences.motif[occurrence];
      if (!this.shown[motif]) this.only([motif]);
      this.reveal(occurrence);
    }
    this.draw();
    this.onPick(occurrence);
  }

  /** Show a stretch of a recording, whatever happens there. */
  showMoment(document, start, end) {
    this.pick(-1);
    const [row, from] = this.view.bands.find((band) => band[3] === document);
    const at = from + start - recordings.from_ms[document];
    this.moment = { row, from: at, to: at + end - start };
    const around = Math.max(2 * motifMs, end - start);
    this.zoomTo(at - around, at + end - start + around);
    if (row >= 0) this.scrollToRow(row);
    this.onMoment(document, start, end);
  }

  scrollToRow(row) {
    const top = this.place[row] * this.rowPx;
    const seen = this.height - AXIS_PX - this.rowPx;
    if (top < this.scroll.scrollTop) this.scroll.scrollTop = top;
    else if (top > this.scroll.scrollTop + seen) this.scroll.scrollTop = top - seen;
  }

  /** Pick the next occurrence (or with -1 the one before) among those shown. */
  step(by) {
    let i = this.picked < 0 ? (by > 0 ? -1 : occurrences.n) : this.picked;
    do i += by; while (i >= 0 && i < occurrences.n && !this.shown[occurrences.motif[i]]);
    if (i >= 0 && i < occurrences.n) this.pick(i);
  }

  /** The occurrence under a place on the screen, -1 for none. */
  hit(x, y) {
    const row = this.rows[Math.floor((y - AXIS_PX + this.scroll.scrollTop) / this.rowPx)];
    if (row === undefined || y < AXIS_PX || x < this.gutter) return -1;
    const view = this.view;
    const bar = this.hasBars ? motifMs : 0;
    const slack = 8 / this.pxPerMs;
    const at = this.ms(x);
    let [best, nearest] = [-1, Infinity];
    for (let k = firstFrom(view, view.offsets[row], view.offsets[row + 1], at - slack - bar);
      k < view.offsets[row + 1] && view.at[view.order[k]] <= at + slack; k++) {
      const occurrence = view.order[k];
      const distance = Math.abs(view.at[occurrence] + (bar && Math.min(bar, slack) / 2) - at);
      if (distance >= nearest || !this.shown[occurrences.motif[occurrence]]) continue;
      [best, nearest] = [occurrence, distance];
    }
    return best;
  }

  // --- what people do ---

  listen() {
    const canvas = this.canvas;
    new ResizeObserver(() => this.draw()).observe(this.scroll);
    this.scroll.addEventListener("scroll", () => this.draw());
    this.scroll.addEventListener("keydown", (event) => this.key(event));
    this.scroll.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    dark.addEventListener("change", () => { this.colour(); this.draw(); });
    canvas.addEventListener("pointerdown", (event) => this.down(event));
    canvas.addEventListener("pointermove", (event) => this.move(event));
    canvas.addEventListener("pointerup", (event) => this.up(event));
    canvas.addEventListener("pointercancel", (event) => this.pointers.delete(event.pointerId));
    canvas.addEventListener("pointerleave", () => { this.tip.hidden = true; });
    canvas.addEventListener("dblclick", (event) => this.zoomAt(event.offsetX, 0.4));
    const actions = {
      in: () => this.zoomMiddle(0.5), out: () => this.zoomMiddle(2), fit: () => this.fit(),
      next: () => this.step(1), previous: () => this.step(-1),
    };
    this.root.querySelectorAll("[data-do]").forEach((button) => {
      button.addEventListener("click", actions[button.dataset.do]);
    });
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const keys = {
      ArrowLeft: () => this.pan(-0.15), ArrowRight: () => this.pan(0.15),
      "+": () => this.zoomMiddle(0.6), "=": () => this.zoomMiddle(0.6),
      "-": () => this.zoomMiddle(1 / 0.6),
      0: () => this.fit(), Home: () => this.fit(),
      n: () => this.step(1), p: () => this.step(-1), Enter: () => this.step(1),
      Escape: () => this.pick(-1),
    };
    if (keys[event.key]) {
      event.preventDefault();
      keys[event.key]();
    }
  }

  /** Ctrl and wheel (what a trackpad's pinch sends) zooms; so does the wheel once people are in. */
  wheel(event) {
    const fits = this.scroll.scrollHeight <= this.scroll.clientHeight + 1;
    const inside = document.activeElement === this.scroll && fits;
    if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) this.pan(event.deltaX / this.width);
    else if (event.ctrlKey || event.metaKey || inside) {
      const lines = event.deltaMode === 1 ? 16 : 1;
      const x = event.clientX - this.canvas.getBoundingClientRect().left;
      const turned = Math.min(Math.max(event.deltaY * lines, -150), 150);
      this.zoomAt(Math.max(x, this.gutter), Math.exp(0.004 * turned));
    } else return;
    event.preventDefault();
  }

  down(event) {
    this.canvas.setPointerCapture(event.pointerId);
    this.pointers.set(event.pointerId, event.offsetX);
    this.moved = this.pointers.size > 1 ? Infinity : 0;
  }

  /** One finger or the mouse moves the axis, two fingers zoom it. */
  move(event) {
    if (!this.pointers.has(event.pointerId)) return this.hover(event);
    const before = [...this.pointers.values()];
    const by = event.offsetX - this.pointers.get(event.pointerId);
    this.moved += Math.abs(by);
    if (before.length === 1 && this.moved < 4) return;
    this.pointers.set(event.pointerId, event.offsetX);
    if (before.length === 1) return this.pan(-by / (this.width - this.gutter));
    const after = [...this.pointers.values()];
    const spread = (places) => Math.max(Math.abs(places[0] - places[1]), 10);
    this.zoomAt((after[0] + after[1]) / 2, spread(before) / spread(after));
  }

  up(event) {
    const tapped = this.pointers.delete(event.pointerId) && this.moved < 4;
    if (tapped) {
      const found = this.hit(event.offsetX, event.offsetY);
      if (found >= 0) this.pick(found);
    }
  }

  hover(event) {
    const found = this.hit(event.offsetX, event.offsetY);
    this.canvas.style.cursor = found >= 0 ? "pointer" : "grab";
    this.tip.hidden = found < 0;
    if (found < 0) return;
    const start = clockText(occurrences.start[found]);
    this.tip.textContent = `${motifs[occurrences.motif[found]]}, ${start}`;
    const room = this.width - this.tip.offsetWidth - 4;
    this.tip.style.left = `${Math.max(0, Math.min(event.offsetX + 12, room))}px`;
    this.tip.style.top = `${this.scroll.offsetTop + event.offsetY + 18}px`;
  }

  draw() {
    if (this.waiting || !this.rows) return;
    this.waiting = true;
    requestAnimationFrame(() => {
      this.waiting = false;
      drawTimeline(this);
    });
  }
}

/** "Motif 3" is "3" on a chip; a name of its own stays. */
function shortTitle(title) {
  return title.replace(/^Motif (\d+)(: )?/, (_, number, colon) => (colon ? `${number} ` : number));
}
