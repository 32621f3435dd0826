pm.test("it is", () => pm.expect(pm.response.json().status).to.equal("ok"));
