// What more than one page does: times in the reader's zone, and the buttons beside a decision.

import { showLocalTimes } from "./times.js";

const byId = (id) => document.getElementById(id);

// Buttons that only work with scripts are hidden until there is one, and times are in UTC.
export function prepare(part) {
  showLocalTimes(part);
  for (const button of part.querySelectorAll("button[hidden]")) button.hidden = false;
}

export async function act(event) {
  const button = event.target.closest("button");
  if (button?.id === "print") print();
  if (button?.classList.contains("copy")) {
    await copy(byId(button.dataset.from));
    byId("status").textContent = button.dataset.done;
    const words = button.textContent;
    button.textContent = button.dataset.done;
    setTimeout(() => { button.textContent = words; }, 1500);
  }
}

// Browsers give the clipboard to pages under HTTPS and on this machine only; elsewhere what is
// selected can be copied.
async function copy(element) {
  if (navigator.clipboard) {
    await navigator.clipboard.writeText(element.textContent);
    return;
  }
  element.closest("details")?.setAttribute("open", "");
  getSelection().selectAllChildren(element);
  document.execCommand("copy");
}
