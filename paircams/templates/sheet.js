"use strict";
const cards = [...document.querySelectorAll(".card")];
const search = document.getElementById("search");
const filters = [...document.querySelectorAll(".filter")];
let word = "all";
let at = -1;

function show() {
  const text = search.value.trim().toLowerCase();
  let count = 0;
  for (const card of cards) {
    const fits = word === "all" || card.dataset.words.split(" ").includes(word);
    card.hidden = !(fits && (!text || card.textContent.toLowerCase().includes(text)));
    count += card.hidden ? 0 : 1;
  }
  for (const filter of filters) filter.setAttribute("aria-pressed", filter.dataset.word === word);
  document.getElementById("shown").textContent = `${count} of ${cards.length} shown`;
}

function step(by) {
  let next = at + by;
  while (cards[next] && cards[next].hidden) next += by;
  if (cards[next]) go(next);
}

function go(index) {
  at = index;
  cards[at].focus({ preventScroll: true });
  cards[at].scrollIntoView({ block: "start" });
}

function toggle(card, kind, name) {
  const button = card && card.querySelector(`.${kind}`);
  if (!button) return;
  const on = button.getAttribute("aria-pressed") !== "true";
  button.setAttribute("aria-pressed", on);
  card.querySelector(".photos").classList.toggle(name, on);
  if (on && kind === "lines") draw(card);
}

// Some 200 shapes a pair: they are made when somebody looks at them, else the page is slow to open.
function draw(card) {
  const svg = card.querySelector("svg[data-points]");
  if (!svg || svg.firstChild) return;
  svg.dataset.points.split(" ").forEach((place, number) => {
    const [x1, y1, x2, y2] = place.split(",");
    const group = shape(svg, "g", {});
    group.style.setProperty("--hue", (number * 137) % 360); // the golden angle keeps neighbours apart
    shape(group, "line", { x1, y1, x2, y2 });
    shape(group, "circle", { cx: x1, cy: y1, r: 2.5 });
    shape(group, "circle", { cx: x2, cy: y2, r: 2.5 });
  });
}

function shape(parent, name, words) {
  const made = document.createElementNS(parent.namespaceURI, name);
  for (const [word, value] of Object.entries(words)) made.setAttribute(word, value);
  return parent.appendChild(made);
}

const near = new IntersectionObserver((seen) => {
  for (const { isIntersecting, target } of seen) {
    if (!isIntersecting) continue;
    near.unobserve(target);
    draw(target);
  }
}, { rootMargin: "600px" });

for (const filter of filters) filter.addEventListener("click", () => { word = filter.dataset.word; show(); });
search.addEventListener("input", show);

cards.forEach((card, index) => {
  card.addEventListener("focusin", () => { at = index; });
  const lines = card.querySelector(".lines");
  if (!lines) return;
  const lined = lines.getAttribute("aria-pressed") === "true";
  card.querySelector(".photos").classList.toggle("lined", lined);
  if (lined) near.observe(card);
  lines.addEventListener("click", () => toggle(card, "lines", "lined"));
  card.querySelector(".blink").addEventListener("click", () => toggle(card, "blink", "blinking"));
});

const desk = document.body.dataset.desk;

// One after the other: a note that is saved late must not take back the decision that followed it.
let sending = Promise.resolve();

function send(body) {
  const sent = sending.then(() => post(body));
  sending = sent.catch(() => {});
  return sent;
}

async function post(body) {
  const answer = await fetch(desk, {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(await answer.text());
}

async function decide(card, decision) {
  const told = card.querySelector(".saved"), before = card.dataset.decision;
  card.dataset.decision = decision;
  try {
    await send({ subject_idx: card.dataset.subject, decision, note: card.querySelector(".note").value });
    told.className = "saved";
    told.textContent = "saved";
  } catch (error) {
    card.dataset.decision = before;
    told.className = "saved failed";
    told.textContent = `not saved: ${error.message}`;
  }
}

if (desk) {
  for (const card of cards) {
    for (const button of card.querySelectorAll("[data-decide]")) {
      button.addEventListener("click", () => decide(card, button.dataset.decide));
    }
    card.querySelector(".note").addEventListener("change", () => decide(card, card.dataset.decision));
  }
  document.getElementById("done").addEventListener("click", async () => {
    await send({ done: true });
    document.body.innerHTML = "<main><p>Done. This page can be closed.</p></main>";
  });
}

const keys = {
  j: () => step(1), k: () => step(-1),
  l: () => toggle(cards[at], "lines", "lined"), b: () => toggle(cards[at], "blink", "blinking"),
  "/": () => search.focus(),
};
if (desk) {
  for (const [key, decision] of [["a", "accept"], ["r", "reject"], ["s", ""]]) {
    keys[key] = () => { if (cards[at]) { decide(cards[at], decision); step(1); } };
  }
  keys.n = () => { if (cards[at]) cards[at].querySelector(".note").focus(); };
}

document.addEventListener("keydown", (event) => {
  if (event.target.matches("input")) {
    if (event.key === "Escape" || event.key === "Enter") { event.target.blur(); if (cards[at]) cards[at].focus(); }
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || !keys[event.key]) return;
  event.preventDefault();
  keys[event.key]();
});
show();
