// What happens when the page opens.

let timeline = null;

function setUpTimeline() {
  const root = document.getElementById("timeline-tool");
  if (!root) return;
  document.getElementById("timeline-still").hidden = true;
  root.hidden = false;
  const panel = new Panel(root.querySelector(".picked"));
  const said = root.querySelector(".said");
  timeline = new Timeline(root, (occurrence) => {
    panel.show(occurrence);
    said.textContent = occurrence < 0 ? "" : sentence(occurrence);
  });
  timeline.onMoment = (document, start, end) => panel.showMoment(document, start, end);
  // Links elsewhere on the page lead to one occurrence, to all of one motif, or to a moment.
  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-occurrence], [data-motif], [data-moment]");
    if (!link) return;
    if (link.dataset.occurrence) timeline.pick(Number(link.dataset.occurrence));
    else if (link.dataset.moment) {
      timeline.showMoment(...link.dataset.moment.split(",").map(Number));
    } else timeline.only([Number(link.dataset.motif)]);
  });
}

/** What a screen reader says of an occurrence. */
function sentence(occurrence) {
  const recording = recordings.name[occurrences.document[occurrence]];
  const motif = motifs[occurrences.motif[occurrence]];
  return `${motif} at ${clockText(occurrences.start[occurrence])} in ${recording}`;
}

setUpCards();
setUpTimeline();
document.documentElement.classList.add("alive");
