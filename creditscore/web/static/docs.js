"use strict";

const docs = document.getElementById("docs");
const address = docs.dataset.openapi;

// swagger-ui is dark under this class of the page; its own button for it is not shown.
const dark = matchMedia("(prefers-color-scheme: dark)");
const followScheme = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", followScheme);
followScheme();

// What swagger-ui leaves out for those who read with a screen reader or use no mouse.
const NAMES = {
  "#servers": "Server",
  "select.examples-select-element": "Example",
  "select.content-type": "Media type",
  "textarea.body-param__text": "Body of the request",
  ".parameters-col_description select": "Value",
  ".parameters-col_description input": "Value",
};
const REGIONS = {
  ".information-container": "About this interface",
  ".scheme-container": "Server and key",
};

// A page has one main element, and swagger-ui brings its own.
function leaveOneMain() {
  const main = document.querySelector("main#main");
  if (!main || !docs.querySelector("main")) return;
  const part = document.createElement("div");
  for (const name of ["id", "class", "tabindex"]) part.setAttribute(name, main.getAttribute(name));
  part.append(...main.childNodes);
  main.replaceWith(part);
}

function mend() {
  leaveOneMain();
  for (const [selector, name] of Object.entries(NAMES)) {
    for (const control of docs.querySelectorAll(`${selector}:not([aria-label])`)) {
      const parameter = control.closest("[data-param-name]")?.dataset.paramName;
      control.setAttribute("aria-label", parameter ?? name);
    }
  }
  for (const heading of docs.querySelectorAll(":is(h3, h4, h5):not([aria-level])")) {
    heading.setAttribute("aria-level", heading.tagName[1] - 1);
  }
  for (const [selector, name] of Object.entries(REGIONS)) {
    const region = docs.querySelector(`${selector}:not([role])`);
    region?.setAttribute("aria-label", name);
    region?.setAttribute("role", "region");
  }
  // A link in a button, which opens the same.
  for (const link of docs.querySelectorAll("button a[href]")) link.removeAttribute("href");
  for (const table of docs.querySelectorAll("table[role]")) table.removeAttribute("role");
  for (const code of docs.querySelectorAll("pre.microlight:not([tabindex])")) code.tabIndex = 0;
}

// Of somebody who has signed in, requests carry the token of the session; a key comes first.
function addToken(request) {
  const token = document.querySelector("[name=csrf_token]")?.value;
  if (token) request.headers["X-CSRF-Token"] = token;
  return request;
}

new MutationObserver(mend).observe(docs, { childList: true, subtree: true });
SwaggerUIBundle({
  url: address,
  domNode: docs,
  deepLinking: true,
  requestInterceptor: addToken,
  defaultModelsExpandDepth: 0,
  // Its colours are hard to read.
  syntaxHighlight: false,
  // No badge: it would ask another host whether the description is valid.
  validatorUrl: null,
});
