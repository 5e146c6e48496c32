"""deploy/kubernetes, read as YAML: the four services alike, probed, limited, fed what they need.

Nothing is applied to a cluster. Where `kubectl` is at hand, kustomize puts the manifests together.
"""

import shutil
import subprocess
from typing import Any

import pytest
import yaml

from shared.contracts.asyncapi import RECEIVES
from tests.unit.deploy.test_compose import DRAIN_SECONDS, OURS, ROOT, SERVICES, known_names

FOLDER = ROOT / "deploy/kubernetes"
KUSTOMIZATION: dict[str, Any] = yaml.safe_load((FOLDER / "kustomization.yaml").read_text())


def manifests(name: str) -> dict[str, Any]:
    """The documents of a service by kind."""
    return {d["kind"]: d for d in yaml.safe_load_all((FOLDER / f"{name}.yaml").read_text())}


def test_kustomization_names_every_file() -> None:
    files = {path.name for path in FOLDER.glob("*.yaml")} - {"kustomization.yaml"}
    assert (
        set(KUSTOMIZATION["resources"])
        == files
        == {"namespace.yaml"} | {f"{name}.yaml" for name in OURS}
    )
    assert KUSTOMIZATION["images"][0]["newTag"][0].isdigit()


@pytest.mark.parametrize("name", OURS)
def test_a_service_is_probed_limited_and_stopped_in_order(name: str) -> None:
    parts = manifests(name)
    pod = parts["Deployment"]["spec"]["template"]["spec"]
    container = pod["containers"][0]
    assert container["command"] == ["python", "-m", f"services.{OURS[name]}.main"]
    assert container["image"] == KUSTOMIZATION["images"][0]["name"]
    for probe, path in (("liveness", "/live"), ("readiness", "/ready"), ("startup", "/live")):
        assert container[f"{probe}Probe"]["httpGet"]["path"] == path
    assert container["resources"]["requests"]["cpu"]
    assert pod["terminationGracePeriodSeconds"] > DRAIN_SECONDS + 5
    assert pod["securityContext"]["runAsNonRoot"] is True
    labels = parts["Deployment"]["spec"]["template"]["metadata"]["labels"]
    for selector in (
        parts["Deployment"]["spec"]["selector"]["matchLabels"],
        parts["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"],
        parts["Service"]["spec"]["selector"],
    ):
        assert selector.items() <= labels.items()


@pytest.mark.parametrize("name", OURS)
def test_memory_is_bounded_as_compose_does(name: str) -> None:
    container = manifests(name)["Deployment"]["spec"]["template"]["spec"]["containers"][0]
    limit = SERVICES[name]["deploy"]["resources"]["limits"]["memory"]  # M and G: of 1024
    assert container["resources"]["limits"]["memory"] == f"{limit}i"


@pytest.mark.parametrize("name", OURS)
def test_a_service_is_scaled_by_the_lag_of_what_it_listens_to(name: str) -> None:
    parts = manifests(name)
    topics = {topic.name for topic in RECEIVES[OURS[name]]}
    assert "replicas" not in parts["Deployment"]["spec"]  # else each apply would undo the scaling
    scaled = parts["ScaledObject"]["spec"]
    literals = dict(
        line.split("=", 1) for line in KUSTOMIZATION["configMapGenerator"][0]["literals"]
    )
    assert scaled["scaleTargetRef"]["name"] == parts["Deployment"]["metadata"]["name"]
    assert scaled["maxReplicaCount"] == int(literals["LIANXIN_KAFKA_PARTITIONS"])
    triggers = [trigger["metadata"] for trigger in scaled["triggers"]]
    assert {trigger["topic"] for trigger in triggers} == topics
    for trigger in triggers:
        assert trigger["consumerGroup"] == f"lianxin.{OURS[name]}"
        assert trigger["bootstrapServers"] == literals["KAFKA_BOOTSTRAP_SERVERS"]


def test_the_settings_are_known() -> None:
    literals = KUSTOMIZATION["configMapGenerator"][0]["literals"]
    assert {line.split("=")[0] for line in literals} <= known_names()


@pytest.mark.skipif(not shutil.which("kubectl"), reason="no kubectl here")
def test_kustomize_puts_it_together() -> None:
    made = subprocess.run(
        ["kubectl", "kustomize", FOLDER], check=True, capture_output=True, text=True
    )
    documents = list(yaml.safe_load_all(made.stdout))
    kinds = [document["kind"] for document in documents]
    assert kinds.count("Deployment") == kinds.count("PodDisruptionBudget") == len(OURS)
    assert kinds.count("ScaledObject") == len(OURS)
    generated = next(d["metadata"]["name"] for d in documents if d["kind"] == "ConfigMap")
    for document in documents:
        if document["kind"] == "Deployment":
            container = document["spec"]["template"]["spec"]["containers"][0]
            assert container["envFrom"][0]["configMapRef"]["name"] == generated
            assert container["image"] == "lianxin:0.1.0"
