"""Compose and Kubernetes: against their schemas, each other and the code. No container engine is needed."""

from __future__ import annotations

import ast
import json
import re
import shutil
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import kubernetes_validate
import pytest
import yaml

from engine.limits import Limits, variable
from engine.variables import check
from tests.support.browser import ROOT
from tests.support.deploy_files import (
    COMPOSE,
    DEPLOY,
    DIGEST,
    GENERAL,
    MANIFESTS,
    OLDEST_KUBERNETES,
    VERSION,
    image_environment,
    instructions,
    interpolated,
    last_stage,
    manifest,
    manifests,
    megabytes,
    pod,
    services,
)

# Traefik's own kinds are no part of Kubernetes' schemas.
KUBERNETES_OWN = [path for path, each in manifests().items() if not each["apiVersion"].startswith("traefik.io/")]


def environment_tables():
    """(where, name, value) of every variable that the image, Compose or Kubernetes sets."""
    for name, value in image_environment().items():
        yield "Dockerfile", name, value
    for service in ("app", "replica"):
        for name, value in services()[service]["environment"].items():
            yield f"compose.yaml, {service}", name, value
    for name, value in manifest("ConfigMap")["data"].items():
        yield "limits.yaml", name, value


def names_in_our_code():
    """All strings of core and server that look like a variable of ours."""
    strings = set()
    for file in [path for package in ("core", "engine", "server") for path in (ROOT / package).rglob("*.py")]:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                strings.add(node.value)
    return {name for name in strings if re.fullmatch(r"GRAMMAR_NEURONS_[A-Z_]+[A-Z]", name)}


def test_every_variable_is_one_that_somebody_reads():
    from huggingface_hub import constants
    from streamlit import config

    known = GENERAL | names_in_our_code() | {variable(item.name) for item in fields(Limits)}
    known |= {option.env_var for option in config.get_config_options().values()}
    known |= set(re.findall(r"\bHF_[A-Z_]+\b", Path(constants.__file__).read_text(encoding="utf-8")))
    unknown = {(where, name) for where, name, _ in environment_tables() if name not in known}
    assert not unknown


def test_every_limit_is_set_and_allowed():
    limits = {variable(item.name) for item in fields(Limits)} - {"GRAMMAR_NEURONS_MODEL_ROOT"}  # a folder of one's own
    compose = services()["app"]["environment"]
    kubernetes = manifest("ConfigMap")["data"]
    assert limits <= set(compose)
    assert compose["GRAMMAR_NEURONS_MODELS"] is None  # else what the image was built with would not count
    assert limits - {"GRAMMAR_NEURONS_MODELS"} == {name for name in kubernetes if name.startswith("GRAMMAR")}
    assert compose["GRAMMAR_NEURONS_BOARD_URL"] is None  # what .env has, if it has one
    values = {name: str(value) for name, value in compose.items() if value is not None}
    del values["GRAMMAR_NEURONS_BOARD_PASSWORD_FILE"]  # in Kubernetes, the address is a Secret as a whole
    assert values == kubernetes
    assert Limits.from_environment(values) == Limits(models=Limits().models)  # the defaults, until somebody measures
    assert services(GRAMMAR_NEURONS_MAX_WORDS=500)["replica"]["environment"]["GRAMMAR_NEURONS_MAX_WORDS"] == 500


def test_caches_fit_their_room():
    limits = Limits.from_environment(manifest("ConfigMap")["data"])
    volumes = {volume["name"]: volume["emptyDir"]["sizeLimit"] for volume in pod()["volumes"]}
    assert limits.disk_cache_mb < megabytes(volumes["cache"])
    memory = min(megabytes(services()["app"]["mem_limit"]), megabytes(container()["resources"]["limits"]["memory"]))
    kept = limits.memory_cache_mb + limits.reading_mb
    assert kept + megabytes(volumes["tmp"]) < memory / 2  # the rest is for models and passes


def test_pages_have_a_processor_beside_the_forward_pass():
    app = services()["app"]
    assert float(app["environment"]["OMP_NUM_THREADS"]) == float(app["cpus"]) - 1
    threads, processors = manifest("ConfigMap")["data"]["OMP_NUM_THREADS"], container()["resources"]["limits"]["cpu"]
    assert int(threads) == int(processors) - 1


def test_the_manual_names_every_knob():
    manual = (ROOT / "docs" / "how-to" / "containers.md").read_text(encoding="utf-8")
    arguments = {rest.split("=")[0] for _, name, rest in instructions() if name == "ARG"}
    ours = set(re.findall(r"\$\{(\w+):-", COMPOSE)) - {variable(item.name) for item in fields(Limits)}
    missing = {name for name in arguments | ours - {"COMPOSE_PROJECT_NAME"} if f"`{name}" not in manual}
    assert not missing


@pytest.mark.parametrize("text", [COMPOSE, interpolated()], ids=["as written", "interpolated"])
def test_compose_fits_the_specification(tmp_path, text):
    assert checked_by_schema(tmp_path, text) == 0


def test_the_schema_would_notice(tmp_path):
    assert checked_by_schema(tmp_path, COMPOSE.replace("read_only: true", "readonly: true")) != 0


def checked_by_schema(folder, text):
    """The exit status of a validation against the Compose specification's schema, which the package brings along."""
    (folder / "compose.yaml").write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    return subprocess.run([*command, str(folder / "compose.yaml")], capture_output=True, check=False).returncode


WRITABLE = {"app": ["cache:/cache"], "replica": ["cache:/cache"], "board": ["board:/var/lib/postgresql/data"]}


@pytest.mark.parametrize("name", ["app", "replica", "proxy", "board"])
def test_each_container_is_confined(name):
    service = services()[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "cap_add" not in service
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["restart"] == "unless-stopped"
    assert service["mem_limit"] == service["memswap_limit"]
    assert float(service["cpus"]) > 0
    assert service["pids_limit"] > 0
    assert service["logging"]["options"].keys() == {"max-size", "max-file"}
    assert service["healthcheck"]["test"][0] == "CMD"  # not CMD-SHELL
    assert not {"privileged", "network_mode", "pid", "ipc", "devices"} & service.keys()
    assert all("noexec" in mount and "size=" in mount for mount in service["tmpfs"])
    assert not any("docker.sock" in volume for volume in service["volumes"])
    writable = [volume for volume in service["volumes"] if not volume.endswith(":ro")]
    assert writable == WRITABLE.get(name, [])
    by_its_bytes = DIGEST if name == "proxy" else ""  # the app's image is built here
    version = r"\d+\.\d+-[a-z]+" if name == "board" else r"v?\d+\.\d+\.\d+"
    assert re.fullmatch(rf"[\w.-]+:{version}{by_its_bytes}", service["image"])
    assert set(services()) == {"app", "replica", "proxy", "board"}


def test_without_a_profile_there_is_one_server():
    assert [name for name, service in services().items() if "profiles" not in service] == ["app"]
    assert services()["app"]["mem_limit"] == "4g"
    assert services()["app"]["ports"] == ["127.0.0.1:8501:8501"]


@pytest.mark.parametrize(("name", "variable"), [("app", "BIND"), ("proxy", "PROXY_BIND")])
def test_a_class_is_let_in_only_when_told(name, variable):
    """Each by a variable of its own: behind the proxy, the servers themselves are not to be reached from outside."""
    assert [port.rsplit(":", 2)[0] for port in services()[name]["ports"]] == ["127.0.0.1"]
    told = {service: value["ports"] for service, value in services(**{variable: "0.0.0.0"}).items() if "ports" in value}
    assert {service for service, ports in told.items() if ports[0].startswith("0.0.0.0:")} == {name}
    assert {service for service, value in services().items() if "ports" in value} == {"app", "proxy"}


def test_replicas_are_the_same_server_behind_the_proxy():
    app, replica = services()["app"], services(REPLICAS=4)["replica"]
    assert replica["profiles"] == ["scaled"]
    assert replica["scale"] == 4
    assert "ports" not in replica
    own = {"ports", "profiles", "scale", "depends_on"}
    assert {k: v for k, v in app.items() if k not in own} == {k: v for k, v in replica.items() if k not in own}


def test_the_boards_database_is_reached_by_servers_alone_and_its_password_is_a_file():
    everything = yaml.safe_load(interpolated(BOARD_PASSWORD_FILE="./board-password"))
    board, servers = everything["services"]["board"], [services()[name] for name in ("app", "replica")]
    assert board["profiles"] == ["scaled"] and "ports" not in board and board["user"].split(":")[0] not in ("0", "root")
    assert everything["networks"]["board"]["internal"] is True
    on_it = {name for name, each in everything["services"].items() if "board" in each.get("networks", [])}
    assert on_it == {"app", "replica", "board"} and board["networks"] == ["board"]
    file = board["environment"]["POSTGRES_PASSWORD_FILE"]
    assert {server["environment"]["GRAMMAR_NEURONS_BOARD_PASSWORD_FILE"] for server in servers} == {file}
    assert file == "/run/secrets/board-password" and all(
        each["secrets"] == ["board-password"] for each in [board, *servers]
    )
    assert everything["secrets"]["board-password"] == {"file": "./board-password"}
    assert "POSTGRES_PASSWORD:" not in COMPOSE
    # Without one, all is as before: an empty file, with which PostgreSQL makes no database.
    without = yaml.safe_load(interpolated())["secrets"]["board-password"]["file"]
    assert (ROOT / without).read_bytes() == b""
    check({"GRAMMAR_NEURONS_BOARD_URL": f"postgresql+psycopg://{board['environment']['POSTGRES_USER']}@board/board"})


def test_compose_and_the_image_ask_health_alike():
    test = services()["app"]["healthcheck"]
    (rest,) = last_stage("HEALTHCHECK")
    assert json.loads(rest.split("CMD", 1)[1]) == test["test"][1:]
    options = dict(re.findall(r"--([\w-]+)=(\w+)", rest))
    assert options == {
        "interval": test["interval"],
        "timeout": test["timeout"],
        "start-period": test["start_period"],
        "retries": str(test["retries"]),
    }


def container():
    """The pod's one container."""
    (only,) = pod()["containers"]
    return only


@pytest.mark.parametrize("version", [OLDEST_KUBERNETES, kubernetes_validate.latest_version()])
@pytest.mark.parametrize("path", KUBERNETES_OWN, ids=lambda path: path.stem)
def test_manifests_fit_their_schemas(path, version):
    kubernetes_validate.validate(yaml.safe_load(path.read_text(encoding="utf-8")), version, strict=True)


def test_the_schemas_would_notice():
    wrong = manifest("Deployment")
    wrong["spec"]["template"]["spec"]["enableServiceLink"] = False
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, OLDEST_KUBERNETES, strict=True)


def test_the_kustomization_names_every_manifest():
    kustomization = yaml.safe_load((DEPLOY / "kubernetes" / "kustomization.yaml").read_text(encoding="utf-8"))
    beside = {path.name for path in MANIFESTS if path.parent.name == "kubernetes"}
    assert set(kustomization["resources"]) == beside
    assert kustomization["namespace"] == manifest("Namespace")["metadata"]["name"]
    assert kustomization["images"][0]["name"] == container()["image"]


def patched(manifest, patch):
    """A manifest after a JSON patch of additions to the ends of lists."""
    for change in yaml.safe_load(patch):
        *steps, end = change["path"].strip("/").split("/")
        assert (change["op"], end) == ("add", "-")
        place = manifest
        for step in steps:
            place = place[int(step)] if isinstance(place, list) else place[step]
        place.append(change["value"])
    return manifest


def test_the_component_of_the_board_adds_a_secret_and_a_way_to_its_database():
    component = yaml.safe_load((DEPLOY / "kubernetes" / "board" / "kustomization.yaml").read_text(encoding="utf-8"))
    (secret,) = component["secretGenerator"]
    ignored_by_git = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert [f"/deploy/kubernetes/board/{file}" in ignored_by_git for file in secret["envs"]] == [True]
    after = {}
    for change in component["patches"]:
        assert set(change["target"]) == {"kind", "name"}
        kind = change["target"]["kind"]
        after[kind] = patched(manifest(kind, change["target"]["name"]), change["patch"])
        kubernetes_validate.validate(after[kind], OLDEST_KUBERNETES, strict=True)
    sources = after["Deployment"]["spec"]["template"]["spec"]["containers"][0]["envFrom"]
    assert sources[1:] == [{"secretRef": {"name": secret["name"]}}]
    _, way = after["NetworkPolicy"]["spec"]["egress"]
    assert way["ports"] == [{"protocol": "TCP", "port": 5432}] and way["to"]
    assert after["NetworkPolicy"]["spec"]["ingress"] == manifest("NetworkPolicy")["spec"]["ingress"]


@pytest.mark.parametrize("component", [None, "shared-cache", "board"])
def test_kustomize_builds_it(tmp_path, component):
    if shutil.which("kubectl") is None:
        pytest.skip("no kubectl on the PATH")
    folder = shutil.copytree(DEPLOY / "kubernetes", tmp_path / "kubernetes")
    if component:
        with (folder / "kustomization.yaml").open("a", encoding="utf-8") as file:
            file.write(f"components: [{component}]\n")
    (folder / "board" / "board.env").write_text("GRAMMAR_NEURONS_BOARD_URL=postgresql+psycopg://a:b@c/d\n")
    command = ["kubectl", "kustomize", str(folder)]
    built = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    everything = list(yaml.safe_load_all(built))
    objects = {item["kind"]: item for item in everything}
    for item in everything:
        assert item["kind"] == "Namespace" or item["metadata"]["namespace"] == objects["Namespace"]["metadata"]["name"]
        if item["kind"] != "Middleware":
            kubernetes_validate.validate(item, OLDEST_KUBERNETES, strict=True)
    spec = objects["Deployment"]["spec"]["template"]["spec"]
    assert spec["containers"][0]["image"] == f"grammar-neurons:{VERSION}"
    cache = next(volume for volume in spec["volumes"] if volume["name"] == "cache")
    if component == "board":
        assert objects["Secret"]["metadata"]["name"] == spec["containers"][0]["envFrom"][1]["secretRef"]["name"]
    if component == "shared-cache":
        claimed = objects["PersistentVolumeClaim"]
        assert cache["persistentVolumeClaim"]["claimName"] == claimed["metadata"]["name"]
        assert claimed["spec"]["accessModes"] == ["ReadWriteMany"]
    else:
        assert "emptyDir" in cache


def test_pods_have_no_rights():
    assert pod()["automountServiceAccountToken"] is False
    assert pod()["securityContext"]["runAsNonRoot"] is True
    assert pod()["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container()["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert not {"hostNetwork", "hostPID", "hostIPC"} & pod().keys()
    assert all("emptyDir" in volume for volume in pod()["volumes"])
    labels = manifest("Namespace")["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"


def test_pods_run_as_the_image_does():
    user, group = map(int, last_stage("USER")[0].split(":"))
    context = pod()["securityContext"]
    assert (context["runAsUser"], context["runAsGroup"], context["fsGroup"]) == (user, group, group)
    assert {mount["mountPath"] for mount in container()["volumeMounts"]} == {"/cache", "/tmp"}
    (port,) = container()["ports"]
    assert str(port["containerPort"]) == image_environment()["STREAMLIT_SERVER_PORT"] == last_stage("EXPOSE")[0]


def test_kubernetes_puts_no_variables_among_ours():
    """A Service named grammar-neurons would give every pod a GRAMMAR_NEURONS_PORT."""
    assert pod()["enableServiceLinks"] is False


def test_probes_ask_the_right_addresses():
    asked = {name: container()[f"{name}Probe"]["httpGet"]["path"] for name in ("startup", "readiness", "liveness")}
    assert asked == {"startup": "/readyz", "readiness": "/readyz", "liveness": "/_stcore/health"}
    assert all(container()[f"{name}Probe"]["httpGet"]["port"] == "http" for name in asked)
    startup, liveness = container()["startupProbe"], container()["livenessProbe"]
    assert startup["periodSeconds"] * startup["failureThreshold"] >= 180
    assert liveness["periodSeconds"] * liveness["failureThreshold"] >= 60


def test_resources_are_bounded():
    resources = container()["resources"]
    assert resources["limits"].keys() == resources["requests"].keys() == {"cpu", "memory", "ephemeral-storage"}
    assert megabytes(resources["limits"]["memory"]) == megabytes(services()["app"]["mem_limit"])
    room = sum(megabytes(volume["emptyDir"]["sizeLimit"]) for volume in pod()["volumes"] if volume["name"] == "cache")
    assert room < megabytes(resources["limits"]["ephemeral-storage"])
    kept = int(manifest("ConfigMap")["data"]["GRAMMAR_NEURONS_DISK_CACHE_MB"])
    assert room > 2 * kept, "once what is kept, once what is in use"


def test_pods_stop_and_are_replaced_gently():
    rolling = manifest("Deployment")["spec"]["strategy"]["rollingUpdate"]
    assert (rolling["maxUnavailable"], rolling["maxSurge"]) == (0, 1)
    sleep = container()["lifecycle"]["preStop"]["sleep"]["seconds"]
    compose = int(services()["app"]["stop_grace_period"].removesuffix("s"))
    assert pod()["terminationGracePeriodSeconds"] >= sleep + compose
    replicas = manifest("Deployment")["spec"]["replicas"]
    assert 1 <= manifest("PodDisruptionBudget")["spec"]["maxUnavailable"] < replicas


@pytest.mark.parametrize(
    "selector",
    [
        manifest("Deployment")["spec"]["selector"]["matchLabels"],
        manifest("Service")["spec"]["selector"],
        manifest("PodDisruptionBudget")["spec"]["selector"]["matchLabels"],
        manifest("NetworkPolicy")["spec"]["podSelector"]["matchLabels"],
        pod()["topologySpreadConstraints"][0]["labelSelector"]["matchLabels"],
    ],
    ids=["deployment", "service", "budget", "network", "spread"],
)
def test_selectors_select_the_pods(selector):
    labels = manifest("Deployment")["spec"]["template"]["metadata"]["labels"]
    assert selector
    assert selector.items() <= labels.items()


def test_nothing_leaves_a_pod_but_questions_for_names():
    policy = manifest("NetworkPolicy")["spec"]
    assert set(policy["policyTypes"]) == {"Ingress", "Egress"}
    (egress,) = policy["egress"]
    assert {(port["protocol"], port["port"]) for port in egress["ports"]} == {("UDP", 53), ("TCP", 53)}
    assert egress["to"]
    (ingress,) = policy["ingress"]
    assert ingress["ports"] == [{"protocol": "TCP", "port": "http"}]


def test_the_configuration_reaches_the_pods():
    (source,) = container()["envFrom"]
    assert source["configMapRef"]["name"] == manifest("ConfigMap")["metadata"]["name"]
