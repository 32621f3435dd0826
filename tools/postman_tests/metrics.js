pm.test("it counts decisions", () =>
    pm.expect(pm.response.text()).to.include("creditscore_decisions_total{"));
