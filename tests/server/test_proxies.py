"""What stands before the servers: Traefik, in Compose and in Kubernetes, and who gets past it."""

from __future__ import annotations

import re

import yaml

from tests.support.browser import ROOT
from tests.support.deploy_files import COMPOSE, DEPLOY, manifest, services, traefik_pool

METRICS = ["/metrics", "/_stcore/metrics"]


def test_the_proxy_keeps_a_browser_at_one_server():
    proxy = services(REPLICAS=3)["proxy"]
    pool = traefik_pool(**{name: str(value) for name, value in proxy["environment"].items()})
    balancer = pool["services"]["pool"]["loadBalancer"]
    project = yaml.safe_load(COMPOSE)["name"]
    replicas = [f"http://{project}-replica-{i}:8501" for i in (1, 2, 3)]
    assert [server["url"] for server in balancer["servers"]] == ["http://app:8501", *replicas]
    assert balancer["sticky"]["cookie"]["httpOnly"] is True
    assert balancer["sticky"]["cookie"]["sameSite"] == "lax"
    assert balancer["healthCheck"]["path"] == "/readyz"


def test_the_proxy_has_one_entrance_and_no_dashboard():
    settings = yaml.safe_load((DEPLOY / "traefik" / "traefik.yaml").read_text(encoding="utf-8"))
    assert "api" not in settings
    assert settings["global"] == {"checkNewVersion": False, "sendAnonymousUsage": False}
    (entrance,) = settings["entryPoints"]
    assert services()["proxy"]["ports"][0].rpartition(":")[2] == settings["entryPoints"][entrance]["address"].strip(":")
    assert settings["providers"].keys() == {"file"}
    (router,) = traefik_pool(REPLICAS="1", PROJECT="x")["routers"].values()
    assert router["entryPoints"] == [entrance]
    mount = services()["proxy"]["volumes"][0].split(":")
    assert settings["providers"]["file"]["filename"] == f"{mount[1]}/pool.yaml"
    assert (ROOT / mount[0] / "pool.yaml").is_file()


def test_only_the_proxy_and_prometheus_get_into_a_pod():
    (ingress,) = manifest("NetworkPolicy")["spec"]["ingress"]
    namespaces = [each["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"] for each in ingress["from"]]
    assert namespaces == ["traefik", "monitoring"]


def test_the_proxy_limits_one_address_and_has_room_for_a_class():
    pool = traefik_pool(REPLICAS="1", PROJECT="x")
    rate, in_flight = (pool["middlewares"][name] for name in ("rate", "in-flight"))
    for limit in (rate["rateLimit"], in_flight["inFlightReq"]):
        assert limit["sourceCriterion"] == {"ipStrategy": {"depth": 0}}  # else in-flight requests count by host
    assert rate["rateLimit"]["burst"] >= 100 * 40  # a class opens a page, some 40 files each
    assert in_flight["inFlightReq"]["amount"] >= 100 * (2 + 6)  # two tabs each, and what a browser asks for at once
    (router,) = pool["routers"].values()
    assert router["middlewares"] == ["rate", "in-flight", "again"]  # what is refused is not tried again


def test_the_ingress_limits_as_the_proxy_does():
    """Traefik knows a middleware by the namespace and the name that it has once kustomize is done."""
    space = manifest("Namespace")["metadata"]["name"]
    named = manifest("Ingress")["metadata"]["annotations"]["traefik.ingress.kubernetes.io/router.middlewares"]
    assert named == f"{space}-rate@kubernetescrd,{space}-in-flight@kubernetescrd"
    pool = traefik_pool(REPLICAS="1", PROJECT="x")["middlewares"]
    assert manifest("Middleware", "rate")["spec"] == pool["rate"]
    assert manifest("Middleware", "in-flight")["spec"] == pool["in-flight"]


def test_the_proxy_keeps_metrics_inside():
    (router,) = traefik_pool(REPLICAS="1", PROJECT="x")["routers"].values()
    assert router["rule"] == " && ".join(["PathPrefix(`/`)", *(f"!PathPrefix(`{path}`)" for path in METRICS)])


def test_the_ingress_keeps_metrics_inside():
    ingress, app = manifest("Ingress", "grammar-neurons-metrics"), manifest("Ingress")
    name = ingress["metadata"]["annotations"]["traefik.ingress.kubernetes.io/router.middlewares"]
    assert name == f"{manifest('Namespace')['metadata']['name']}-nobody@kubernetescrd"
    assert manifest("Middleware", "nobody")["spec"] == {"ipAllowList": {"sourceRange": ["255.255.255.255/32"]}}
    (rule,), (whole,) = ingress["spec"]["rules"], app["spec"]["rules"]
    assert rule["host"] == whole["host"]
    assert [(path["path"], path["pathType"]) for path in rule["http"]["paths"]] == [(m, "Prefix") for m in METRICS]
    assert ingress["spec"]["ingressClassName"] == app["spec"]["ingressClassName"]


def test_the_paths_of_metrics_are_all_that_streamlit_and_we_have():
    """A path with metrics in it that a library adds is to be kept inside, too."""
    from streamlit.web.server.starlette import starlette_routes

    constants = [value for value in vars(starlette_routes).values() if isinstance(value, str)]
    streamlits = {f"/{value.strip('/')}" for value in constants if re.fullmatch(r"[\w/]*\bmetrics\b[\w/]*", value)}
    sources = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "server").rglob("*.py"))
    assert streamlits | set(re.findall(r'Route\("(/[^"]*metrics[^"]*)"', sources)) == set(METRICS)


def test_the_ingress_is_sticky_as_the_proxy_is():
    annotations = manifest("Service")["metadata"]["annotations"]
    start = "traefik.ingress.kubernetes.io/service.sticky.cookie"
    cookie = traefik_pool(REPLICAS="1", PROJECT="x")["services"]["pool"]["loadBalancer"]["sticky"]["cookie"]
    assert annotations[start] == "true"
    assert annotations[f"{start}.name"] == cookie["name"]
    assert annotations[f"{start}.httponly"] == "true"
    assert annotations[f"{start}.samesite"] == cookie["sameSite"]
    (rule,) = manifest("Ingress")["spec"]["rules"]
    backend = rule["http"]["paths"][0]["backend"]["service"]
    assert backend["name"] == manifest("Service")["metadata"]["name"]
    assert backend["port"]["name"] in {port["name"] for port in manifest("Service")["spec"]["ports"]}
    assert "sessionAffinity" not in manifest("Service")["spec"]  # by address: a class behind one router is one address
