// Posts to read: marked spans filled, predicted ones underlined, every label written.

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".root");
  followTheme(root);
  keepBareKeys(root);
  const list = root.querySelector(".posts");
  list.classList.toggle("single", data.posts.length === 1);
  list.replaceChildren(...data.posts.map((post) => {
    const item = make("li", "post");
    const head = make("div", "head");
    if (data.open) {
      const open = make("button", "open", data.open, { type: "button", "data-post": post.id });
      open.onclick = () => setTriggerValue("open", post.id);
      head.append(open);
    }
    if (post.note) head.append(make("span", "note", post.note, { dir: "auto" }));
    if (head.children.length) item.append(head);
    item.append(postText(post, data));
    return item;
  }));
  for (const box of root.querySelectorAll(".short")) box.classList.toggle("cut", box.scrollHeight > box.clientHeight + 2);
}

function postText(post, data) {
  const box = make("div", `text ${data.lines ? "short" : "tall"}`, "", { dir: "auto" });
  if (data.lines) box.style.setProperty("--lines", data.lines);
  const { toUnit } = offsets(post.text);
  const marks = inUnits(post.gold, toUnit);
  const found = new Set(marks.map(spell));
  const guesses = inUnits(post.predicted, toUnit).map((guess) => ({ ...guess, agrees: found.has(spell(guess)) }));
  drawText(box, post.text, marks, guesses, data.colours);
  return box;
}
