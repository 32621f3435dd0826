pm.test("it is logged", () =>
    pm.expect(pm.response.json().label).to.equal(pm.collectionVariables.get("otherLabel")));
