// The form without a reload. The server renders every answer; this puts it into its place.
// Without this file the form works all the same, page by page.

import { groupTyped, readAmount, writeAmount } from "./amounts.js";
import { act, KEY, prepare } from "./shared.js";

const form = document.getElementById("form");
const live = document.getElementById("live");
const keyForm = document.getElementById("key");
const PAUSE = 150; // milliseconds of rest before a moved value is sent

let latest = 0;
let timer;

const byId = (id) => document.getElementById(id);

function headers() {
  const key = keyForm && sessionStorage.getItem(KEY);
  return { "Accept-Language": document.documentElement.lang, ...(key && { "X-API-Key": key }) };
}

// Send the form; an older answer never overwrites a newer one.
async function ask(explore) {
  const mine = ++latest;
  const body = new URLSearchParams(new FormData(form));
  if (explore) body.set("explore", "1");
  try {
    const answer = await fetch(form.action, { method: "POST", body, headers: headers() });
    const text = await answer.text();
    if (mine !== latest) return;
    if ((answer.headers.get("Content-Type") ?? "").includes("text/html")) {
      show(new DOMParser().parseFromString(text, "text/html"), !explore || !live.checked);
    } else {
      refuse(answer.status, JSON.parse(text).detail);
    }
  } catch {
    if (mine === latest) refuse(0, form.dataset.failed);
  }
}

function show(page, move) {
  byId("problems").replaceChildren(...page.getElementById("problems").childNodes);
  for (const field of form.querySelectorAll(".field")) {
    mark(field, page.querySelector(`.field[data-name="${CSS.escape(field.dataset.name)}"]`));
  }
  document.title = page.title;
  const wrong = form.querySelector("[aria-invalid]");
  if (!wrong) {
    byId("result").replaceChildren(...page.getElementById("result").childNodes);
    prepare(byId("result"));
    byId("status").textContent = `${byId("label").textContent}, ${byId("probability").textContent}`;
  }
  if (move) {
    wrong?.closest("details")?.setAttribute("open", "");
    (wrong ?? byId("result-title")).focus({ preventScroll: true });
    (wrong?.closest(".field") ?? byId("result")).scrollIntoView();
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

function refuse(status, detail) {
  const said = document.createElement("p");
  said.textContent = detail;
  byId("problems").replaceChildren(said);
  if (status === 401 && keyForm) {
    byId("key-error").textContent = sessionStorage.getItem(KEY) ? keyForm.dataset.wrong : "";
    keyForm.classList.remove("known");
    byId("api-key").focus();
  }
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
keyForm?.addEventListener("submit", (event) => {
  event.preventDefault();
  sessionStorage.setItem(KEY, byId("api-key").value.trim());
  byId("api-key").value = "";
  byId("key-error").textContent = "";
  byId("problems").replaceChildren();
  form.querySelector("[name]").focus();
});
byId("key-forget")?.addEventListener("click", () => sessionStorage.removeItem(KEY));
byId("live-choice").hidden = false;
prepare(byId("result"));
document.querySelector("[aria-invalid]")?.focus();
