// Motifs played in real time: over the scene, and as a line that runs over their matrix.

const TRAIL_S = 0.6; // a cell glows for so long after it was active
let playing = null; // one motif plays at a time

/** Activity by relative time: cells, levels from 0 to 1, directions (-1: none). */
function decodeActivity(packed) {
  const n = packed.cell.length;
  const activity = {
    offsets: packed.offsets,
    cell: new Int32Array(n),
    level: new Float32Array(n),
    direction: new Int8Array(n),
  };
  for (let bin = 0; bin + 1 < packed.offsets.length; bin++) {
    let cell = 0;
    for (let i = packed.offsets[bin]; i < packed.offsets[bin + 1]; i++) {
      cell += packed.cell[i];
      activity.cell[i] = cell;
      activity.level[i] = Math.floor(packed.value[i] / (scene.directions + 1)) / block.levels;
      activity.direction[i] = (packed.value[i] % (scene.directions + 1)) - 1;
    }
  }
  return activity;
}

const activityOfMotif = new Map();
function motifActivity(motif) {
  if (!activityOfMotif.has(motif)) activityOfMotif.set(motif, decodeActivity(block.play[motif]));
  return activityOfMotif.get(motif);
}

/** How much a bin glows `bins` after its middle: it lights up at once and fades. */
function glow(bins) {
  if (bins < 0) return Math.max(0, 1 + bins);
  return Math.max(0, 1 - bins / Math.max(1, TRAIL_S / block.bin_s));
}

/** Draw what is active at `bin` (a fraction is between two bins) over a scene of that size. */
function drawActivity(canvas, activity, bin) {
  const { width, height } = canvas.getBoundingClientRect();
  const context = sharpContext(canvas, width, height);
  const side = (scene.cell / scene.width) * width;
  const strongest = new Map();
  for (let b = 0; b + 1 < activity.offsets.length; b++) {
    const light = glow(bin - b - 0.5);
    if (light <= 0) continue;
    for (let i = activity.offsets[b]; i < activity.offsets[b + 1]; i++) {
      const strength = light * activity.level[i];
      const rival = strongest.get(activity.cell[i]);
      if (strength > 0.03 && (!rival || strength > rival.strength)) {
        const direction = activity.direction[i];
        strongest.set(activity.cell[i], { strength, light, bin: b, direction });
      }
    }
  }
  for (const [cell, { strength, light, bin: b, direction }] of strongest) {
    const left = (cell % scene.columns) * side;
    const top = Math.floor(cell / scene.columns) * side;
    context.fillStyle = timeColour(b / Math.max(block.n_bins - 1, 1), 0.92 * strength ** 0.7);
    context.beginPath();
    context.roundRect(left + 0.06 * side, top + 0.06 * side, 0.88 * side, 0.88 * side, 0.22 * side);
    context.fill();
    if (direction >= 0 && light > 0.6 && strength > 0.3) {
      drawArrow(context, left, top, side, direction);
    }
  }
}

function drawArrow(context, left, top, side, direction) {
  const angle = (2 * Math.PI * direction) / scene.directions;
  const [x, y] = [Math.cos(angle), Math.sin(angle)];
  const point = (along, across) => [
    left + side / 2 + side * (along * x - across * y),
    top + side / 2 + side * (along * y + across * x),
  ];
  context.fillStyle = "rgba(255,255,255,0.9)";
  context.beginPath();
  context.moveTo(...point(0.32, 0));
  context.lineTo(...point(-0.22, 0.24));
  context.lineTo(...point(-0.22, -0.24));
  context.fill();
}

/** Plays one card; `show(bin)` draws a moment, `rest()` goes back to the still picture. */
class Player {
  constructor(card, motif) {
    this.motif = motif;
    this.title = motifs[motif];
    this.frame = 0;
    const plot = card.querySelector(".matrix .plot");
    const figure = card.querySelector("figure.scene") || card.querySelector("figure.matrix");
    this.stage = figure.querySelector(".stage") || plot.querySelector(".field") || plot;
    this.head = make("i", { className: "playhead", hidden: true });
    (plot.querySelector(".field") || plot).append(this.head);
    if (scene && card.querySelector("figure.scene")) {
      this.canvas = make("canvas", { className: "motion", hidden: true, "aria-hidden": "true" });
      this.stage.append(this.canvas);
    }
    this.button = make("button", { type: "button", className: "play" });
    this.button.append(make("span", { "aria-hidden": "true" }));
    this.stage.classList.add("playable");
    this.stage.append(this.button);
    this.slider = make("input", {
      type: "range", className: "scrub", min: 0, max: block.n_bins, step: "any", value: 0,
      "aria-label": `Moment of ${this.title}`,
    });
    this.slider.step = String(block.n_bins / 100);
    figure.querySelector(".spectrum").append(this.slider);
    this.label(false);
    this.listen();
  }

  label(isPlaying) {
    this.button.setAttribute("aria-label", `${isPlaying ? "Stop" : "Play"} ${this.title}`);
    this.button.classList.toggle("on", isPlaying);
  }

  listen() {
    // A tap plays and stops; hovering with a mouse plays too, unless motion is unwelcome.
    this.button.addEventListener("click", () => {
      if (playing === this && !this.hovered) this.stop();
      else this.play(false);
    });
    this.button.addEventListener("pointerenter", (event) => {
      if (event.pointerType === "mouse" && !calm.matches && playing !== this) this.play(true);
    });
    this.button.addEventListener("pointerleave", (event) => {
      if (event.pointerType === "mouse" && this.hovered) this.stop();
    });
    this.button.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.stop();
    });
    this.slider.addEventListener("input", () => {
      this.pause();
      this.show(Number(this.slider.value));
    });
    this.slider.addEventListener("blur", () => { if (playing !== this) this.rest(); });
  }

  /** Play over and over; one that a mouse started by hovering ends when the mouse leaves. */
  play(hovered) {
    if (playing && playing !== this) playing.stop();
    cancelAnimationFrame(this.frame);
    playing = this;
    this.hovered = hovered;
    this.label(true);
    const began = performance.now();
    const pause = 500; // stands still for a moment before it begins again
    const step = (now) => {
      const ms = Math.max(0, now - began) % (motifMs + pause);
      const bin = Math.min(ms, motifMs) / (block.bin_s * 1000);
      this.slider.value = bin;
      this.show(bin);
      this.frame = requestAnimationFrame(step);
    };
    this.frame = requestAnimationFrame(step);
  }

  show(bin) {
    this.head.hidden = false;
    this.head.style.left = `${(100 * bin) / block.n_bins}%`;
    this.slider.setAttribute("aria-valuetext", `${(bin * block.bin_s).toFixed(1)} seconds`);
    if (!this.canvas) return;
    this.canvas.hidden = false;
    drawActivity(this.canvas, motifActivity(this.motif), bin);
  }

  pause() {
    cancelAnimationFrame(this.frame);
    if (playing === this) playing = null;
    this.label(false);
  }

  stop() {
    this.pause();
    this.rest();
  }

  rest() {
    this.head.hidden = true;
    this.slider.value = 0;
    if (this.canvas) this.canvas.hidden = true;
  }
}

/** Cards get their player when they come near the window: a page may hold hundreds. */
function setUpCards() {
  const watch = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      watch.unobserve(target);
      new Player(target, Number(target.id.slice("motif-".length)) - 1);
    }
  }, { rootMargin: "600px" });
  document.querySelectorAll("article.motif").forEach((card) => watch.observe(card));
}
