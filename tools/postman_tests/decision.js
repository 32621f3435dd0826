pm.test("label, probability and cut-off agree", () => {
    const eligible = decision.probability_of_default < decision.cutoff;
    pm.expect(decision.label).to.equal(eligible ? "eligible" : "not_eligible");
    pm.expect(decision.probability + decision.probability_of_default)
        .to.be.closeTo(1, 1e-12);
});
pm.test("it can be identified and traced", () => {
    pm.expect(decision.decision_id).to.match(/^[0-9a-f]{8}-[0-9a-f]{4}-7/);
    pm.expect(decision.model_version).to.be.a('string').that.is.not.empty;
});
