pm.test("it compares each scorecard with its training", () => {
    const found = pm.response.json();
    for (const one of Object.values(found.scorecards)) {
        pm.expect(one.score.verdict)
            .to.be.oneOf(['insufficient', 'little', 'moderate', 'large']);
    }
});
