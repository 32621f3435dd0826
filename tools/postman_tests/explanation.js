pm.test("baseline and impacts add up to the probability", () => {
    const told = pm.response.json();
    const sum = told.impacts.reduce((so, each) => so + each.impact, 0);
    pm.expect(told.baseline + sum)
        .to.be.closeTo(told.probability_of_default, 1e-12);
});
pm.test("it says what would have changed it", () =>
    pm.expect(pm.response.json().recourse.text).to.be.a('string'));
