const decisions = pm.response.json();
pm.test("there is a decision for each applicant, in order", () =>
    pm.expect(decisions.map((decision) => decision.scorecard))
        .to.eql(__scorecards__));
