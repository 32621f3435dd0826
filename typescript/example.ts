// Decide on one applicant: node example.js after tsc, with Node 18 or newer, or in a browser.
import type { components, operations } from "./api.js";

type Applicant = components["schemas"]["Applicant"];
type Decision = components["schemas"]["Decision"];
type Problem = components["schemas"]["Problem"];
type Answer = operations["predict"]["responses"][200]["content"]["application/json"];

export class Refused extends Error {
  constructor(readonly problem: Problem) {
    super(`${problem.status} ${problem.title}: ${problem.detail}`);
  }
}

export async function decide(
  url: string,
  apiKey: string,
  applicant: Applicant,
  idempotencyKey: string = crypto.randomUUID(),
): Promise<Decision> {
  const answer = await fetch(`${url}/predict`, {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      "X-API-Key": apiKey,
      "Idempotency-Key": idempotencyKey,
    },
    body: JSON.stringify(applicant),
  });
  if (!answer.ok) {
    throw new Refused((await answer.json()) as Problem);
  }
  const decision = (await answer.json()) as Answer;
  if (Array.isArray(decision)) {
    throw new Error("one applicant was sent, and several decisions came");
  }
  return decision;
}

export function summary(decision: Decision): string {
  const reasons = decision.reasons.map((reason) => reason.text).join("\n");
  return `${decision.label}, ${decision.score} points\n${reasons}`;
}
