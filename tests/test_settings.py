"""Settings: three places, one order, clear words."""

import pytest
from pydantic import SecretStr

from llm_service.errors import SettingsError
from llm_service.settings import Settings, resolve


def test_defaults_need_nothing():
    resolved = resolve(environment={})
    assert resolved.settings.base_url == "http://localhost:1234/v1"
    assert set(resolved.sources.values()) == {"default"}


def test_flag_beats_environment_beats_file(tmp_path):
    config = tmp_path / "llm-service.toml"
    config.write_text('port = 1\nhost = "127.0.0.2"\ndeadline = 5\n')
    resolved = resolve({"port": 3}, environment={"LLM_SERVICE_PORT": "2", "LLM_SERVICE_HOST": "::1"}, config=config)
    assert (resolved.settings.port, resolved.settings.host, resolved.settings.deadline) == (3, "::1", 5)
    assert [resolved.sources[name] for name in ("port", "host", "deadline", "model")] == [
        "flag",
        "environment",
        "file",
        "default",
    ]


def test_the_file_is_named_by_the_environment(tmp_path):
    config = tmp_path / "mine.toml"
    config.write_text("cache_ttl = 0\n")
    assert resolve(environment={"LLM_SERVICE_CONFIG": str(config)}).settings.cache_ttl == 0


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"LLM_SERVICE_PORT": "eighty"}, "'port' (environment)"),
        ({"LLM_SERVICE_ENGINE": "gpt"}, "'engine' (environment)"),
        ({"LLM_SERVICE_DEADLINE": "-1"}, "'deadline' (environment)"),
        ({"LLM_SERVICE_CONFIG": "/nowhere/x.toml"}, "cannot be read"),
    ],
)
def test_a_wrong_value_is_named_with_its_place(environment, words):
    with pytest.raises(SettingsError) as caught:
        resolve(environment=environment)
    assert words in str(caught.value)


def test_an_unknown_name_in_the_file_is_refused(tmp_path):
    config = tmp_path / "llm-service.toml"
    config.write_text("prot = 8000\n")
    with pytest.raises(SettingsError, match="Unknown setting 'prot'"):
        resolve(environment={}, config=config)


def test_off_and_lists_and_lifetimes():
    settings = resolve(
        environment={
            "LLM_SERVICE_RATE_LIMIT": "off",
            "LLM_SERVICE_ALLOWED_HOSTS": "chat.example, bot.example",
            "LLM_SERVICE_RETENTION": "7d",
            "LLM_SERVICE_API_KEY": "sk-lm-x",
        }
    ).settings
    assert settings.rate_limit is None
    assert settings.allowed_hosts == ("chat.example", "bot.example")
    assert settings.retention == 7 * 24
    assert isinstance(settings.api_key, SecretStr)
    assert "sk-lm-x" not in repr(settings)


def test_every_setting_says_what_it_is_for():
    assert all(field.description for field in Settings.model_fields.values())
