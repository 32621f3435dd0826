pm.test("it is a page of one", () => {
    const page = pm.response.json();
    pm.expect(page.decisions).to.have.lengthOf(1);
    pm.expect(page.next).to.match(/^[/]decisions[?].*cursor=[0-9]+/);
    pm.expect(pm.response.headers.get("Link")).to.include(page.next);
});
