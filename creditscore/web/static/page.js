// The form without a reload. The server renders every answer; this puts it into its place.
// Without this file the form works all the same, page by page.

import { groupTyped, readAmount, writeAmount } from "./amounts.js";
import { act, prepare } from "./shared.js";

const form = document.getElementById("form");
const live = document.getElementById("live");
const PAUSE = 150; // milliseconds of rest before a moved value is sent

let latest = 0;
let timer;

const byId = (id) => document.getElementById(id);

// Send the form; an older answer never overwrites a newer one.
async function ask(explore) {
  const mine = ++latest;
  const body = new URLSearchParams(new FormData(form));
  if (explore) body.set("explore", "1");
  try {
    const headers = { Accept: "text/html", "Accept-Language": document.documentElement.lang };
    const answer = await fetch(form.action, { method: "POST", body, headers });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (mine !== latest) return;
    if (page.getElementById("form")) show(page, !explore || !live.checked);
    else refuse(page.getElementById("refusal").textContent);
  } catch {
    if (mine === latest) refuse(form.dataset.failed);
  }
}

function show(page, move) {
  byId("problems").replaceChildren(...page.getElementById("problems").childNodes);
  // Whoever has signed in meanwhile, or is no longer, gets another token for the form.
  for (const part of ["account", "session"]) {
    byId(part).replaceChildren(...page.getElementById(part).childNodes);
  }
  const groupErrors = page.querySelectorAll(".group > .error");
  form.querySelectorAll(".group > .error").forEach((error, at) => {
    error.textContent = groupErrors[at].textContent;
  });
  for (const field of form.querySelectorAll(".field")) {
    mark(field, page.querySelector(`.field[data-name="${CSS.escape(field.dataset.name)}"]`));
  }
  document.title = page.title;
  const wrong = form.querySelector("[aria-invalid]");
  if (page.getElementById("label")) {
    byId("result").replaceChildren(...page.getElementById("result").childNodes);
    prepare(byId("result"));
    byId("status").textContent = `${byId("label").textContent}, ${byId("probability").textContent}`;
  }
  if (move) {
    wrong?.closest("details")?.setAttribute("open", "");
    (wrong ?? byId("result-title")).focus({ preventScroll: true });
    (wrong?.closest(".field, .key") ?? byId("result")).scrollIntoView();
  }
}

// Put an error to its field, or take it away.
function mark(field, rendered) {
  const control = field.querySelector("[name]");
  const fresh = rendered.querySelector("[name]");
  field.querySelector(".error").textContent = rendered.querySelector(".error").textContent;
  control.setAttribute("aria-describedby", fresh.getAttribute("aria-describedby"));
  control.toggleAttribute("aria-invalid", false);
  if (fresh.hasAttribute("aria-invalid")) control.setAttribute("aria-invalid", "true");
}

function refuse(detail) {
  const said = document.createElement("p");
  said.textContent = detail;
  byId("problems").replaceChildren(said);
}

function follow(event) {
  groupTyped(event);
  const slider = event.target.closest(".slider");
  if (slider) byId(slider.dataset.for).value = writeAmount(rounded(slider));
  else syncSliders();
  if (!live.checked || event.target === live) return;
  clearTimeout(timer);
  timer = setTimeout(() => ask(true), PAUSE);
}

// Whole numbers stay whole; others get as many digits as a slider of this width can tell apart.
function rounded(slider) {
  if (slider.step === "1") return slider.value;
  const digits = Math.floor(Math.log10((slider.max - slider.min) / 200));
  return Number(slider.value).toFixed(Math.max(0, -digits));
}

function syncSliders() {
  for (const slider of form.querySelectorAll(".slider")) {
    const typed = readAmount(byId(slider.dataset.for).value);
    if (!Number.isNaN(typed)) slider.value = typed;
  }
}

function chooseLive() {
  for (const slider of form.querySelectorAll(".slider")) slider.hidden = !live.checked;
  if (live.checked) ask(true);
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  clearTimeout(timer);
  ask(event.submitter?.name === "explore");
});
form.addEventListener("input", follow);
live.addEventListener("change", chooseLive);
byId("result").addEventListener("click", act);
byId("live-choice").hidden = false;
prepare(byId("result"));
document.querySelector("[aria-invalid]")?.focus();
