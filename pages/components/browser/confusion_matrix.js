// Gold types down, predicted types across. One cell is a stop of Tab, the arrow keys go on to its neighbours.

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".root");
  followTheme(root);
  const table = root.querySelector(".matrix");
  const at = root.getRootNode().activeElement?.dataset?.cell;
  table.replaceChildren(headOf(data), bodyOf(data, (cell) => setTriggerValue("cell", cell)));
  const buttons = [...table.querySelectorAll("button")];
  const first = buttons.find((each) => each.dataset.cell === (data.picked || at)) ?? buttons[0];
  for (const each of buttons) each.tabIndex = each === first ? 0 : -1;
  if (at) buttons.find((each) => each.dataset.cell === at)?.focus();
  table.onkeydown = (event) => {
    const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
    if (!step || isForThePage(event) || !event.target.dataset.cell) return;
    event.preventDefault();
    event.stopPropagation();
    const next = neighbour(buttons, event.target, step);
    if (!next) return;
    for (const each of buttons) each.tabIndex = each === next ? 0 : -1;
    next.focus();
  };
}

/** The nearest button in a direction: in the same row or column where there is one, else in the next that has any. */
function neighbour(buttons, from, [down, across]) {
  const place = (each) => [Number(each.dataset.row), Number(each.dataset.column)];
  const [row, column] = place(from);
  const ahead = buttons.map((each) => [each, ...place(each)])
    .filter(([, r, c]) => (down ? (r - row) * down > 0 : (c - column) * across > 0));
  const cost = ([, r, c]) => (down ? Math.abs(r - row) + 100 * Math.abs(c - column) : Math.abs(c - column) + 100 * Math.abs(r - row));
  return ahead.sort((one, other) => cost(one) - cost(other))[0]?.[0];
}

function headOf(data) {
  const head = make("thead");
  const names = make("tr");
  names.append(make("td", "corner", "gold ↓ predicted →"));
  for (const name of data.names) names.append(make("th", "", name, { scope: "col", title: name }));
  head.append(names);
  return head;
}

function bodyOf(data, choose) {
  const body = make("tbody");
  const most = Math.max(1, ...Object.values(data.mistakes));
  data.names.forEach((gold, row) => {
    const line = make("tr");
    line.append(make("th", "", gold, { scope: "row", title: gold }));
    data.names.forEach((predicted, column) => {
      line.append(cellOf(data, gold, predicted, { row, column, most, choose }));
    });
    body.append(line);
  });
  return body;
}

function cellOf(data, gold, predicted, { row, column, most, choose }) {
  const cell = `${gold}>${predicted}`;
  const number = data.mistakes[cell] ?? 0;
  const right = data.right[cell] ?? 0;
  const [written, rightly] = [number, right].map((each) => each.toLocaleString("en"));
  const box = make("td");
  const inside = make("div", right && number ? "both" : "");
  if (right) inside.append(make("span", "right", rightly, { title: `${rightly} right` }));
  if (number || cell === data.picked) {
    const said = gold === predicted ? `${gold} with other words: ${written}` : `gold ${gold}, predicted ${predicted}: ${written}`;
    const button = make("button", "", written, {
      type: "button", title: said, "aria-label": said, "aria-pressed": String(cell === data.picked),
      "data-cell": cell, "data-row": row, "data-column": column,
    });
    button.style.setProperty("--heat", number / most);
    button.onclick = () => choose(cell);
    inside.append(button);
  }
  for (const each of inside.children) each.style.setProperty("--characters", each.innerText.length);
  box.append(inside);
  return box;
}
