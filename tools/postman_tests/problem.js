pm.test("it is a problem (RFC 9457)", () => {
    pm.expect(pm.response.headers.get("Content-Type"))
        .to.include("application/problem+json");
    pm.expect(pm.response.json().status).to.equal(pm.response.code);
});
