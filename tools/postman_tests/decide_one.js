const decision = pm.response.json();
pm.test("the __scorecard__ scorecard answers", () =>
    pm.expect(decision.scorecard).to.equal("__scorecard__"));
