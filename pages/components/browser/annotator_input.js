// Keys and pointer of the text box. `annotator` is the one that acts.

/**
 * What a key means: its letter or digit where that is one of ours, else the letter or digit at its place, so that digits
 * work on a French keyboard (`&` at the place of 1) and Ctrl Z on a Russian one (`я` at the place of Z).
 */
function keyOf(event) {
  if (event.key.length > 1 || event.key === "?" || /^[a-z0-9]$/i.test(event.key)) {
    return event.key.length > 1 ? event.key : event.key.toLowerCase();
  }
  const [, kind, sign] = /^(Key|Digit)(.)$/.exec(event.code) ?? [];
  const isPlace = !event.getModifierState("AltGraph") && (kind === "Key" || (kind === "Digit" && !event.shiftKey));
  return isPlace ? sign.toLowerCase() : event.key;
}

/** One key in the text box; true where it meant something here. */
function onTextKey(annotator, event) {
  const key = keyOf(event);
  if ((event.ctrlKey || event.metaKey) && !key.startsWith("Arrow")) return onCommandKey(annotator, key, event.shiftKey);
  if (key === "ArrowLeft" || key === "ArrowRight") return onArrow(annotator, event);
  if (key === "Tab") return onTab(annotator, event.shiftKey ? -1 : 1);
  const { mark, guess } = annotator.focus;
  const words = annotator.chosenWords();
  const place = event.altKey ? -1 : annotator.data.keys.indexOf(key); // a type may have a key that is also ours
  if (key.length === 1 && place >= 0) annotator.label(annotator.data.labels[place]);
  else if (key === "Delete" || key === "Backspace") annotator.remove();
  else if (key === "Escape") annotator.choose({});
  else if (key === "Enter" || key === " ") {
    if (guess) annotator.accept();
    else if (words) annotator.mark(words, annotator.active);
    else return Boolean(mark) || key === " ";
  } else if (key === "a") event.shiftKey ? annotator.acceptAll() : annotator.accept();
  else if (key === "l") annotator.alike();
  else return false;
  return true;
}

function onCommandKey(annotator, key, shift) {
  if (key === "z") shift ? annotator.redo() : annotator.undo();
  else if (key === "y") annotator.redo();
  else return false;
  return true;
}

/** Tab walks through marks and open predictions and leaves the box after the last one. */
function onTab(annotator, step) {
  const stops = [
    ...annotator.marking.marks.map((mark) => ({ mark })),
    ...annotator.openGuesses().map((guess) => ({ guess })),
  ].sort((one, other) => (one.mark ?? one.guess).start - (other.mark ?? other.guess).start);
  const current = annotator.focus.mark ?? annotator.focus.guess;
  const place = stops.findIndex((stop) => current && (stop.mark === current || stop.guess === current));
  const next = place < 0 ? (step > 0 ? 0 : stops.length - 1) : place + step;
  annotator.choose(stops[next] ?? {});
  annotator.view.reveal();
  return stops[next] !== undefined;
}

/** Arrows walk through the words; with Shift they move an edge of the chosen mark, or choose several words. */
function onArrow(annotator, event) {
  const leftwards = getComputedStyle(annotator.view.text).direction === "rtl" ? "ArrowRight" : "ArrowLeft";
  const step = event.key === leftwards ? -1 : 1;
  const { marking, focus } = annotator;
  if (focus.mark && event.shiftKey) {
    const edge = event.ctrlKey || event.metaKey ? "start" : "end";
    const unit = marking.beside(focus.mark, edge, step, event.altKey);
    annotator.did("", { mark: marking.resize(focus.mark, edge, unit, event.altKey) });
  } else if (event.ctrlKey || event.metaKey || event.altKey || !marking.words.length) {
    return false;
  } else {
    annotator.choose({ words: walk(annotator, step, event.shiftKey) });
  }
  annotator.view.reveal();
  return true;
}

/** [anchor, head]: the places of the words chosen after one step. */
function walk({ marking, focus }, step, extend) {
  const last = marking.words.length - 1;
  const inside = (place) => Math.max(0, Math.min(last, place));
  if (focus.words) {
    const head = inside(focus.words[1] + step);
    return [extend ? focus.words[0] : head, head];
  }
  const from = focus.mark ?? focus.guess;
  if (!from) return step > 0 ? [0, 0] : [last, last];
  const head = inside(step > 0 ? marking.wordAfter(from.end) : marking.wordAfter(from.start) - 1);
  return [head, head];
}

const DOUBLE = { ms: 500, pixels: 6 };

/** Dragging marks words, dragging a handle resizes, a click chooses, a double click marks a word. */
function listenToPointer(annotator, box) {
  let drag = null;
  let clicked = null; // the click before: the text is drawn anew by each, so the browser tells of no double click
  box.onmousedown = (event) => event.preventDefault(); // no native selection; ours is drawn as it will be taken
  box.onpointerdown = (event) => {
    if (event.button !== 0 || annotator.saving || isScrollbar(box, event)) return;
    box.focus({ preventScroll: true });
    const edge = event.target.closest(".handle")?.dataset.edge;
    drag = { anchor: annotator.view.unitAt(event.clientX, event.clientY), edge, from: event, target: event.target, moved: false };
    box.setPointerCapture(event.pointerId);
  };
  box.onpointermove = (event) => {
    if (!drag) return;
    drag.moved ||= Math.hypot(event.clientX - drag.from.clientX, event.clientY - drag.from.clientY) > 3;
    const unit = annotator.view.unitAt(event.clientX, event.clientY);
    if (!drag.moved || unit === null) return;
    drag.place = aim(annotator, drag, unit, event.altKey);
    annotator.view.preview(drag.place);
  };
  box.onpointerup = (event) => {
    const ended = drag;
    drag = null;
    if (!ended) return;
    if (!ended.moved) clicked = isSecond(clicked, event) ? doubleClick(annotator, ended) : click(annotator, ended, event);
    else if (!ended.place) annotator.draw();
    else if (ended.edge) drop(annotator, ended, event.altKey);
    else annotator.mark(ended.place, annotator.active);
  };
  box.onpointercancel = () => { drag = null; annotator.draw(); };
}

function aim({ marking, focus }, drag, unit, exact) {
  if (drag.edge) {
    drag.unit = unit;
    return marking.resized(focus.mark, drag.edge, unit, exact);
  }
  return drag.anchor === null ? null : marking.snap(drag.anchor, unit, exact);
}

function drop(annotator, { edge, unit }, exact) {
  annotator.did("", { mark: annotator.marking.resize(annotator.focus.mark, edge, unit, exact) });
}

const isSecond = (before, event) =>
  before !== null && event.timeStamp - before.timeStamp < DOUBLE.ms &&
  Math.hypot(event.clientX - before.clientX, event.clientY - before.clientY) < DOUBLE.pixels;

/** Marks the word that the first click chose, or accepts the prediction. */
function doubleClick(annotator) {
  const words = annotator.chosenWords();
  if (words) annotator.mark(words, annotator.active);
  else if (annotator.focus.guess) annotator.accept();
  return null;
}

/** Chooses what was clicked on; returns the click, which may become the first half of a double one. */
function click(annotator, { anchor, target, edge }, event) {
  if (edge) return null;
  const { mark, guess } = target.closest("[data-mark], [data-guess]")?.dataset ?? {};
  const { marking, guesses } = annotator;
  if (mark !== undefined) annotator.choose({ mark: marking.marks[mark] });
  else if (guess !== undefined) annotator.choose({ guess: guesses[guess] });
  else {
    const place = anchor === null ? -1 : marking.words.findIndex(([start, end]) => start <= anchor && anchor <= end);
    annotator.choose(place < 0 ? {} : { words: [place, place] });
  }
  return event;
}

const isScrollbar = (box, event) => event.offsetX > box.clientWidth && event.target === box;
