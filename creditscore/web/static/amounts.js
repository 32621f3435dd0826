// Numbers as the language of the page writes them: 30,000.5 in English, 30.000,5 in Indonesian.

const form = document.getElementById("form");
const decimal = form.dataset.decimal;
const group = decimal === "." ? "," : ".";
const whole = `\\d+|[1-9]\\d{0,2}(\\${group}\\d{3})+`;
const wellFormed = new RegExp(`^-?(${whole})?(\\${decimal}\\d*)?$`);
const ungrouped = new RegExp(`^-?(0|[1-9]\\d*)?(\\${decimal}\\d*)?$`);

let before; // what an amount was until the edit that is coming

// Read an amount; NaN for what is none in this language.
export function readAmount(text) {
  const plain = text.trim();
  return plain !== "" && wellFormed.test(plain)
    ? Number(plain.replaceAll(group, "").replace(decimal, "."))
    : NaN;
}

// Write a number as JavaScript does ("1234.5") as an amount.
export function writeAmount(number) {
  return withGroups(String(number).replace(".", decimal));
}

// Group the digits of an amount as it is typed. Separators that a person typed or pasted stay as
// they are: whether "1,5" is meant as 1.5 is for that person to say, not for us to guess.
export function groupTyped(event) {
  const input = event.target;
  const was = before;
  before = undefined;
  if (!isAmount(input) || event.isComposing) return;
  const plain = input.value.replaceAll(group, "");
  const digits = /^\d+$/.test(event.data ?? "") || (event.inputType ?? "").startsWith("delete");
  const ours = digits && was !== undefined && wellFormed.test(was);
  if (!ungrouped.test(plain) || (plain !== input.value && !ours)) return;
  const text = withGroups(plain);
  if (text === input.value) return;
  const caret = input.value.slice(0, input.selectionStart).replaceAll(group, "").length;
  input.value = text;
  if (document.activeElement === input) placeCaret(input, caret);
}

function withGroups(plain) {
  const [integer, ...fraction] = plain.split(decimal);
  return [integer.replace(/\B(?=(\d{3})+$)/g, group), ...fraction].join(decimal);
}

// Put the caret behind as many characters as before, group signs not counted.
function placeCaret(input, count) {
  let place = 0;
  for (let left = count; left > 0; place += 1) if (input.value[place] !== group) left -= 1;
  input.setSelectionRange(place, place);
}

function isAmount(element) {
  return element.matches("input[inputmode]");
}

form.addEventListener("beforeinput", (event) => {
  before = isAmount(event.target) ? event.target.value : undefined;
});
