// The cut-off without a reload. The server renders every answer; this puts it into its place.
// Without this file the buttons do the same, page by page.

import { showLocalTimes } from "./times.js";

const form = document.getElementById("explore");
const explored = document.getElementById("explored");
const PAUSE = 60; // milliseconds of rest before a moved value is sent

let latest = 0;
let timer;

const byId = (id) => document.getElementById(id);

// Ask for the part on the cut-off; an older answer never overwrites a newer one.
async function ask(by) {
  const mine = ++latest;
  const wanted = new URLSearchParams(new FormData(form));
  wanted.set("by", by);
  wanted.set("part", "cutoff");
  const address = form.action.split("#")[0];
  try {
    const answer = await fetch(`${address}?${wanted}`, { headers: { Accept: "text/html" } });
    const text = await answer.text();
    if (mine === latest) show(new DOMParser().parseFromString(text, "text/html"));
  } catch {
    if (mine === latest) byId(`${by}-error`).textContent = form.dataset.failed;
  }
}

function show(page) {
  const now = page.getElementById("cutoff-now");
  for (const name of ["ratio", "cutoff"]) {
    const said = now.dataset[`${name}Error`];
    byId(`${name}-error`).textContent = said;
    byId(name).toggleAttribute("aria-invalid", false);
    if (said) byId(name).setAttribute("aria-invalid", "true");
  }
  if (now.dataset.ratioError || now.dataset.cutoffError) return;
  explored.replaceChildren(...page.body.childNodes);
  if (document.activeElement !== byId("cutoff")) byId("cutoff").value = now.dataset.percent;
  for (const name of ["ratio", "cutoff"]) {
    byId(`${name}-slider`).value = byId(name).value.replace(",", ".");
  }
  byId("status").textContent = `${now.textContent}: ${byId("cut_approved").textContent}`;
}

form.addEventListener("input", (event) => {
  const slider = event.target.closest(".slider");
  if (slider) byId(slider.dataset.for).value = slider.value.replace(".", form.dataset.decimal);
  const moved = slider ? slider.dataset.for : event.target.id;
  clearTimeout(timer);
  timer = setTimeout(() => ask(moved === "ratio" ? "ratio" : "cutoff"), PAUSE);
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  ask(event.submitter?.value ?? "cutoff");
});
for (const slider of form.querySelectorAll(".slider")) slider.hidden = false;
showLocalTimes(document);
