// A text with filled (marked) and underlined (predicted) spans, and the way between code points and UTF-16 units.
// Python counts code points, the browser UTF-16 units: everything here is in units, converted once at each border.

const NO_COLOUR = { fill: "light-dark(#e4e6e1, #33393e)", ink: "light-dark(#565d63, #b4bab6)" };
const PILE = /[^\s\p{M}\u200d]?[\p{M}\u200d]{8,}/gu; // more marks on one letter than any script needs

/** Both ways between code points and units: two arrays, each with one place more than the text. */
function offsets(text) {
  const toPoint = new Uint32Array(text.length + 1);
  const toUnit = [];
  for (let unit = 0, point = 0; unit < text.length; point++) {
    const size = text.codePointAt(unit) > 0xffff ? 2 : 1;
    toUnit.push(unit);
    for (let part = 0; part < size; part++) toPoint[unit + part] = point;
    unit += size;
  }
  toPoint[text.length] = toUnit.length;
  toUnit.push(text.length);
  return { toUnit, toPoint };
}

/** Spans that came from Python (code points), in units. */
function inUnits(spans, toUnit) {
  return spans.map((span) => ({ ...span, start: toUnit[span.start], end: toUnit[span.end] }));
}

const spell = ({ start, end, label }) => `${start} ${end} ${label}`;
const samePlace = (one, other) => one.start === other.start && one.end === other.end;
const overlap = (one, other) => one.start < other.end && other.start < one.end;

/**
 * Draws the text into `box` and returns its pieces: [{at, node}], `at` in units, `node` the piece's text node.
 * Each piece is a span with data-at; a marked one carries data-mark, a predicted one data-guess: places in the lists.
 */
function drawText(box, text, marks, guesses, colours) {
  const cuts = new Set([0, text.length]);
  const piles = Array.from(text.matchAll(PILE), ({ index, 0: pile }) => ({ start: index, end: index + pile.length }));
  for (const { start, end } of [...marks, ...guesses, ...piles]) cuts.add(start).add(end);
  const borders = [...cuts].sort((one, other) => one - other);
  const marksAt = cover(borders, marks);
  const guessesAt = cover(borders, guesses);
  const pilesAt = cover(borders, piles);
  const [markEnds, guessEnds] = [byEnd(marks), byEnd(guesses)];
  const parts = document.createDocumentFragment();
  const pieces = [];
  for (let place = 0; place + 1 < borders.length; place++) {
    const [at, end] = [borders[place], borders[place + 1]];
    const piece = make("span", "piece", text.slice(at, end), { "data-at": at });
    if (pilesAt[place] !== undefined) piece.classList.add("pile");
    parts.append(piece);
    pieces.push({ at, node: piece.firstChild });
    const guess = guessesAt[place];
    if (guess !== undefined) dressGuess(piece, guesses[guess], guess, colours);
    const mark = marksAt[place];
    if (mark !== undefined) dressMark(piece, marks[mark], mark, colours);
    for (const index of markEnds.get(end) ?? []) parts.append(tag(marks[index], index, "mark", colours));
    for (const index of guessEnds.get(end) ?? []) {
      if (!guesses[index].agrees) parts.append(tag(guesses[index], index, "guess", colours));
    }
  }
  box.replaceChildren(parts);
  return pieces;
}

/** For each interval between borders, which span covers it; of several the one that begins last. */
function cover(borders, spans) {
  const places = new Map(borders.map((border, place) => [border, place]));
  const covering = new Array(borders.length);
  const order = spans.map((_, index) => index).sort((one, other) => spans[one].start - spans[other].start);
  for (const index of order) {
    for (let place = places.get(spans[index].start); place < places.get(spans[index].end); place++) covering[place] = index;
  }
  return covering;
}

function byEnd(spans) {
  const ends = new Map();
  spans.forEach(({ end }, index) => ends.set(end, [...(ends.get(end) ?? []), index]));
  return ends;
}

function dressMark(piece, mark, index, colours) {
  piece.classList.add("mark");
  piece.dataset.mark = index;
  paint(piece, colours[mark.label] ?? NO_COLOUR);
}

function dressGuess(piece, guess, index, colours) {
  piece.classList.add("guess");
  piece.dataset.guess = index;
  piece.style.setProperty("--guess", (colours[guess.label] ?? NO_COLOUR).ink);
}

function tag(span, index, kind, colours) {
  const sure = span.confidence == null ? "" : ` ${percent(span.confidence)}`;
  const element = make("span", `tag ${kind}-tag`, "", { [`data-${kind}`]: index, dir: "ltr" });
  element.append(make("span", "name", span.label + sure));
  paint(element, colours[span.label] ?? NO_COLOUR);
  return element;
}
