// The panel of a picked occurrence: its numbers, its video, and what it explains.

const LEAD_S = 1; // a video begins so long before the occurrence

function rankText(rank, total) {
  const all = total.toLocaleString("en");
  if (total === 1) return "the only one";
  return rank === 1 ? `the heaviest of ${all}` : `${ordinal(rank)} heaviest of ${all}`;
}

/** An address as people write it; one whose bytes are no text stays as it is. */
function readable(address) {
  try {
    return decodeURIComponent(address);
  } catch {
    return address;
  }
}

class Panel {
  constructor(root) {
    this.root = root;
    this.frame = 0;
  }

  clear() {
    cancelAnimationFrame(this.frame);
    this.root.querySelectorAll("video").forEach((video) => {
      video.pause();
      video.removeAttribute("src");
    });
    this.root.replaceChildren();
    if (playing) playing.stop();
  }

  show(occurrence) {
    this.clear();
    this.root.hidden = occurrence < 0;
    if (occurrence < 0) return;
    const motif = occurrences.motif[occurrence];
    const swatch = make("i", { className: "swatch", "aria-hidden": "true" });
    swatch.style.setProperty("--hue", motifColour(motif));
    const title = make("h3", {}, swatch, make("bdi", { textContent: motifs[motif] }));
    const link = make("a", { href: `#motif-${motif + 1}`, textContent: "its card" });
    const start = occurrences.start[occurrence];
    const media = this.media({
      document: occurrences.document[occurrence], start, end: start + motifMs,
      activity: scene && this.activity(occurrence), told: this.drawn(occurrence),
    });
    this.fill([title, link], media, this.facts(occurrence), this.pattern(occurrence));
  }

  /** A stretch of a recording that is no occurrence: its times, and its video. */
  showMoment(document, start, end) {
    this.clear();
    this.root.hidden = false;
    const title = make("h3", {}, make("bdi", { textContent: recordings.name[document] }));
    const clock = recordings.clock_ms[document];
    const facts = this.list([
      ["from", clockText(start)],
      ["to", clockText(end)],
      ["wall clock", clock === null ? "" : new Date(clock + start).toISOString(), "wide"],
    ]);
    const moment = { document, start, end, activity: null, told: "" };
    const media = recordings.video[document] ? this.media(moment) : "";
    this.fill([title], media, facts, "");
  }

  fill(head, media, facts, pattern) {
    const close = make("button", { type: "button", textContent: "Close" });
    close.addEventListener("click", () => {
      timeline.pick(-1);
      timeline.scroll.focus({ preventScroll: true });
    });
    this.root.append(
      make("header", {}, ...head, close),
      make(
        "div", { className: media ? "panels" : "panels plain" }, media,
        make("div", { className: "side" }, facts, pattern),
      ),
    );
  }

  facts(occurrence) {
    const document_ = occurrences.document[occurrence];
    const motif = occurrences.motif[occurrence];
    let rank = 1;
    let total = 0;
    for (let i = 0; i < occurrences.n; i++) {
      if (occurrences.motif[i] !== motif) continue;
      total += 1;
      rank += occurrences.weight[i] > occurrences.weight[occurrence];
    }
    const score = occurrences.score[occurrence];
    const rows = [
      ["number", String(occurrence + 1)],
      ["start", clockText(occurrences.start[occurrence])],
      ["end of the motif", clockText(occurrences.start[occurrence] + motifMs)],
      ["weight (observations)", rounded(occurrences.weight[occurrence])],
      ["score", Number.isNaN(score) ? "unknown" : `${rounded(score)} nats`],
      ["recording", recordings.name[document_], "wide"],
      ["wall clock", wallClock(occurrence), "wide"],
      ["among its kind", rankText(rank, total), "wide"],
    ];
    const observed = block.observed[occurrence];
    if (observed) rows.push(["what explains it", observed.lines.join(". "), "wide"]);
    return this.list(rows);
  }

  list(rows) {
    const list = make("dl", { className: "facts" });
    for (const [term, value, kind] of rows) {
      if (!value) continue;
      const shown = make("dd", {}, make("bdi", { textContent: value }));
      list.append(make("div", { className: kind || "" }, make("dt", { textContent: term }), shown));
    }
    return list;
  }

  /** The source video at that time, else the scene; over both, what is explained, as it happens. */
  media(moment) {
    if (!scene) return "";
    const stage = make("div", { className: "stage" });
    stage.style.aspectRatio = `${scene.width} / ${scene.height}`;
    const canvas = make("canvas", { className: "motion", "aria-hidden": "true" });
    const caption = make("figcaption", { textContent: moment.told });
    if (recordings.video[moment.document]) this.video(moment, stage, canvas, caption);
    else {
      this.playAlone(moment, stage, canvas);
      caption.append(" The report knows of no video of this recording.");
    }
    return make("figure", { className: "picked-media" }, stage, caption);
  }

  video(moment, stage, canvas, caption) {
    const source = recordings.video[moment.document];
    const from = Math.max(0, moment.start / 1000 - LEAD_S);
    const to = Math.max(from + 0.5, moment.end / 1000 + 0.5);
    const video = make("video", {
      controls: true, muted: true, playsInline: true, preload: "auto", autoplay: !calm.matches,
      "aria-label": `Video of ${recordings.name[moment.document]} from ${clockText(from * 1000)}`,
    });
    const note = make("span", {});
    const again = make("button", { type: "button", textContent: "Play it again" });
    again.addEventListener("click", () => { video.currentTime = from; video.play(); });
    const tools = make("div", { className: "video-tools" }, again);
    video.addEventListener("error", () => {
      if (!video.isConnected) return;
      video.remove();
      tools.remove();
      this.playAlone(moment, stage, canvas);
      note.textContent = " The video cannot be played here (moved away, or in a form that this " +
        `browser does not know): ${readable(source)}`;
    });
    video.src = `${source}#t=${from.toFixed(3)},${to.toFixed(3)}`;
    stage.append(video, canvas);
    caption.append(note, tools);
    if (moment.activity) this.drawOver(video, moment, canvas, tools);
  }

  drawOver(video, moment, canvas, tools) {
    const over = make("input", { type: "checkbox", checked: true });
    over.addEventListener("change", () => { canvas.hidden = !over.checked; });
    tools.append(make("label", {}, over, " drawn over the video"));
    const draw = () => {
      const after = video.currentTime - moment.start / 1000;
      drawActivity(canvas, moment.activity, after / block.bin_s);
      this.frame = requestAnimationFrame(draw);
    };
    this.frame = requestAnimationFrame(draw);
  }

  /** Without a video what is explained plays over the scene; it stands still for calm people. */
  playAlone(moment, stage, canvas) {
    cancelAnimationFrame(this.frame);
    stage.replaceChildren(make("div", { className: "backdrop" }), canvas);
    if (!moment.activity) return;
    const began = performance.now();
    const draw = (now) => {
      const ms = Math.max(0, now - began) % (motifMs + 700);
      const bin = calm.matches ? block.n_bins / 2 : ms / (block.bin_s * 1000);
      drawActivity(canvas, moment.activity, bin);
      if (!calm.matches) this.frame = requestAnimationFrame(draw);
    };
    this.frame = requestAnimationFrame(draw);
  }

  activity(occurrence) {
    const observed = block.observed[occurrence];
    return observed ? decodeActivity(observed) : motifActivity(occurrences.motif[occurrence]);
  }

  drawn(occurrence) {
    const observed = block.observed[occurrence];
    if (!observed) {
      return "Drawn: the motif as it usually goes; the page holds no observations of this one.";
    }
    return `Drawn: the observations that it explains (the strongest, ${observed.share} % of them).`;
  }

  /** The words that it explains over relative time, in the order of the motif's matrix. */
  pattern(occurrence) {
    const card = document.getElementById(`motif-${occurrences.motif[occurrence] + 1}`);
    const plot = card && card.querySelector(".matrix");
    if (!plot) return "";
    const copy = plot.cloneNode(true);
    copy.querySelectorAll(".scrub, .playhead, .play").forEach((element) => element.remove());
    copy.querySelectorAll(".playable").forEach((element) => element.classList.remove("playable"));
    const observed = block.observed[occurrence];
    if (observed && observed.rows) this.inkIn(copy, observed);
    return copy;
  }

  /** Observations that were there, as coloured cells over the motif's own matrix, which fades. */
  inkIn(figure, observed) {
    const field = figure.querySelector(".field");
    const canvas = make("canvas", { className: "inked", "aria-hidden": "true" });
    [canvas.width, canvas.height] = [block.n_bins, observed.rows];
    const context = canvas.getContext("2d");
    observed.row.forEach((row, i) => {
      const strength = 0.25 + (0.75 * observed.level[i]) / block.levels;
      context.fillStyle = timeColour(observed.bin[i] / Math.max(block.n_bins - 1, 1), strength);
      context.fillRect(observed.bin[i], row, 1, 1);
    });
    field.classList.add("faded");
    field.append(canvas);
    figure.querySelector("figcaption").textContent =
      `In colour: the observations that it explains (the strongest, ${observed.share} % of them), ` +
      "over the motif's matrix";
  }
}
