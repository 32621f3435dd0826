pm.test("it names every fault", () =>
    pm.expect(pm.response.json().errors.map((fault) => fault.pointer))
        .to.have.members(__pointers__));
