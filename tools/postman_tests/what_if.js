const explored = pm.response.json();
pm.test("it says that it is no decision", () =>
    pm.expect(explored.what_if).to.equal(true));
pm.test("it is not in the log", () =>
    pm.expect(explored).not.to.have.property('decision_id'));
