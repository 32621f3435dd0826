pm.test("it is the one that was asked for, with its inputs", () => {
    const decision = pm.response.json();
    pm.expect(decision.decision_id)
        .to.equal(pm.collectionVariables.get("decisionId"));
    pm.expect(decision.inputs).to.be.an('object').and.not.empty;
});
