"""What holds for the package as a whole."""

import importlib
import pkgutil

import llm_service
from llm_service import errors


def test_every_module_can_be_imported():
    names = [m.name for m in pkgutil.walk_packages(llm_service.__path__, "llm_service.")]
    for name in names:
        if not name.endswith("__main__"):
            importlib.import_module(name)


def test_every_error_has_a_code_and_a_sentence_of_its_own():
    family = [cls for cls in vars(errors).values() if isinstance(cls, type) and issubclass(cls, errors.LLMServiceError)]
    assert len(family) > 20
    for cls in family:
        assert cls.code.replace("_", "").isalpha()
        assert cls.detail.endswith(".")
        assert cls.__doc__
