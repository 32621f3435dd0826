pm.test("it is logged", () =>
    pm.expect(pm.response.json().defaulted).to.equal(false));
