const lines = pm.response.text().trim().split("\n");
pm.test("there is a line for each applicant, behind the header", () =>
    pm.expect(lines.length).to.equal(__lines__));
pm.test("the columns that came stand first", () =>
    pm.expect(lines[0]).to.match(/^__header__,/));
