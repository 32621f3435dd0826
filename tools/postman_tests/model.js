pm.test("it names its scorecards", () =>
    pm.expect(pm.response.json().scorecards).to.be.an('object').and.not.empty);
