pm.test("each outcome is reported, with its state", () => {
    const { counts, outcomes } = pm.response.json();
    pm.expect(outcomes).to.have.length(1);
    pm.expect(outcomes[0].decision_id).to.eql(pm.collectionVariables.get("decisionId"));
    pm.expect(["recorded", "known", "conflict"]).to.include(outcomes[0].state);
    pm.expect(counts[outcomes[0].state]).to.eql(1);
});
