pm.test("baseline and impacts add up to the probability", () => {
    const explanation = pm.response.json();
    const sum = explanation.impacts.reduce((so, each) => so + each.impact, 0);
    pm.expect(explanation.baseline + sum)
        .to.be.closeTo(explanation.probability_of_default, 1e-12);
});
pm.test("it says what would have changed it", () =>
    pm.expect(pm.response.json().recourse.text).to.be.a('string'));
