"use strict";

const main = document.getElementById("docs");
const address = main.dataset.openapi;
main.replaceChildren();
SwaggerUIBundle({
  url: address,
  domNode: main,
  deepLinking: true,
  defaultModelsExpandDepth: 0,
  // No badge: it would ask another host whether the description is valid.
  validatorUrl: null,
});
