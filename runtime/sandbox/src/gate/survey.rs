//! What is counted on the way through a module: everything that costs the compiler or a start.

use wasmparser::{
    CompositeInnerType, Element, ElementItems, Encoding, Instance, Payload, TypeSectionReader,
};

use super::imports::Import;
use super::limits::{self, Bound};
use super::{code, invalid};
use crate::{Interface, Kind, Refusal};

/// Bytes of one page of memory.
const PAGE_BYTES: u64 = 64 << 10;

/// Everything counted so far.
#[derive(Debug, Default)]
pub(super) struct Survey {
    is_component: bool,
    /// How deep in components and modules we are; 0 is the upload itself.
    depth: u64,
    imports: Vec<Import>,
    exports: Vec<String>,
    functions: u64,
    types: u64,
    import_count: u64,
    export_count: u64,
    globals: u64,
    data_segments: u64,
    element_segments: u64,
    elements: u64,
    locals: u64,
    code_bytes: u64,
    embedded_modules: u64,
    conversions: u64,
    core_instances: u64,
    memories: u64,
    memory_bytes_min: u64,
    tables: u64,
    table_elements_min: u64,
}

/// Adds to a count and checks it.
fn add(count: &mut u64, more: u32, bound: Bound) -> Result<(), Refusal> {
    *count = count.saturating_add(more.into());
    bound.check(*count)
}

impl Survey {
    /// Counts one part of the upload, in the order of the file.
    pub(super) fn see(&mut self, payload: &Payload<'_>) -> Result<(), Refusal> {
        match payload {
            Payload::Version { encoding, .. } if self.depth == 0 => {
                self.is_component = *encoding == Encoding::Component;
                Ok(())
            }
            Payload::ModuleSection { .. } => {
                self.depth += 1;
                add(&mut self.embedded_modules, 1, limits::EMBEDDED_MODULES)
            }
            Payload::ComponentSection { .. } => {
                self.depth += 1;
                limits::COMPONENT_DEPTH.check(self.depth)
            }
            Payload::End(_) => {
                self.depth = self.depth.saturating_sub(1);
                Ok(())
            }
            _ => self
                .see_core(payload)
                .and_then(|()| self.see_component(payload)),
        }
    }

    fn see_core(&mut self, payload: &Payload<'_>) -> Result<(), Refusal> {
        match payload {
            Payload::TypeSection(section) => {
                add(&mut self.types, section.count(), limits::TYPES)?;
                check_signatures(section)
            }
            Payload::ImportSection(section) => {
                add(&mut self.import_count, section.count(), limits::IMPORTS)?;
                self.note_imports(section)
            }
            Payload::FunctionSection(section) => {
                add(&mut self.functions, section.count(), limits::FUNCTIONS)
            }
            Payload::TableSection(section) => self.see_tables(section),
            Payload::MemorySection(section) => self.see_memories(section),
            Payload::GlobalSection(section) => {
                add(&mut self.globals, section.count(), limits::GLOBALS)
            }
            Payload::ExportSection(section) => {
                add(&mut self.export_count, section.count(), limits::EXPORTS)?;
                self.note_exports(section)
            }
            Payload::ElementSection(section) => {
                add(
                    &mut self.element_segments,
                    section.count(),
                    limits::ELEMENT_SEGMENTS,
                )?;
                self.see_elements(section)
            }
            Payload::DataCountSection { count, .. } => limits::DATA_SEGMENTS.check((*count).into()),
            Payload::DataSection(section) => add(
                &mut self.data_segments,
                section.count(),
                limits::DATA_SEGMENTS,
            ),
            Payload::CodeSectionStart { size, .. } => {
                self.code_bytes = self.code_bytes.saturating_add((*size).into());
                Ok(())
            }
            Payload::CodeSectionEntry(body) => code::check(body, &mut self.locals),
            _ => Ok(()),
        }
    }

    fn see_component(&mut self, payload: &Payload<'_>) -> Result<(), Refusal> {
        match payload {
            Payload::CoreTypeSection(section) => {
                add(&mut self.types, section.count(), limits::TYPES)
            }
            Payload::ComponentTypeSection(section) => {
                add(&mut self.types, section.count(), limits::TYPES)
            }
            Payload::ComponentCanonicalSection(section) => {
                add(&mut self.conversions, section.count(), limits::CONVERSIONS)
            }
            Payload::InstanceSection(section) => {
                for instance in section.clone() {
                    if matches!(instance.map_err(invalid)?, Instance::Instantiate { .. }) {
                        add(&mut self.core_instances, 1, limits::CORE_INSTANCES)?;
                    }
                }
                Ok(())
            }
            Payload::ComponentImportSection(section) => {
                add(&mut self.import_count, section.count(), limits::IMPORTS)?;
                if self.depth == 0 {
                    for import in section.clone() {
                        let name = import.map_err(invalid)?.name.name.to_owned();
                        self.imports.push(Import::Interface(name));
                    }
                }
                Ok(())
            }
            Payload::ComponentExportSection(section) => {
                add(&mut self.export_count, section.count(), limits::EXPORTS)?;
                if self.depth == 0 {
                    for export in section.clone() {
                        self.exports
                            .push(export.map_err(invalid)?.name.name.to_owned());
                    }
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn note_imports(
        &mut self,
        section: &wasmparser::ImportSectionReader<'_>,
    ) -> Result<(), Refusal> {
        if self.depth > 0 {
            return Ok(());
        }
        for import in section.clone().into_imports() {
            let import = import.map_err(invalid)?;
            self.imports.push(Import::Function {
                module: import.module.to_owned(),
                name: import.name.to_owned(),
            });
        }
        Ok(())
    }

    fn note_exports(
        &mut self,
        section: &wasmparser::ExportSectionReader<'_>,
    ) -> Result<(), Refusal> {
        if self.depth > 0 {
            return Ok(());
        }
        for export in section.clone() {
            self.exports.push(export.map_err(invalid)?.name.to_owned());
        }
        Ok(())
    }

    fn see_memories(
        &mut self,
        section: &wasmparser::MemorySectionReader<'_>,
    ) -> Result<(), Refusal> {
        add(&mut self.memories, section.count(), limits::MEMORIES)?;
        for memory in section.clone() {
            let pages = memory.map_err(invalid)?.initial;
            self.memory_bytes_min = self
                .memory_bytes_min
                .saturating_add(pages.saturating_mul(PAGE_BYTES));
        }
        Ok(())
    }

    fn see_tables(&mut self, section: &wasmparser::TableSectionReader<'_>) -> Result<(), Refusal> {
        limits::MODULE_TABLES.check(section.count().into())?;
        add(&mut self.tables, section.count(), limits::TABLES)?;
        for table in section.clone() {
            let elements = table.map_err(invalid)?.ty.initial;
            limits::TABLE_ELEMENTS.check(elements)?;
            self.table_elements_min = self.table_elements_min.saturating_add(elements);
        }
        Ok(())
    }

    fn see_elements(
        &mut self,
        section: &wasmparser::ElementSectionReader<'_>,
    ) -> Result<(), Refusal> {
        for element in section.clone() {
            let Element { items, .. } = element.map_err(invalid)?;
            let count = match items {
                ElementItems::Functions(items) => items.count(),
                ElementItems::Expressions(_, items) => items.count(),
            };
            add(&mut self.elements, count, limits::ELEMENTS)?;
        }
        Ok(())
    }

    /// What the upload itself imports, in the order of the file.
    pub(super) fn imports(&self) -> &[Import] {
        &self.imports
    }

    pub(super) fn into_interface(self) -> Interface {
        Interface {
            kind: if self.is_component {
                Kind::Component
            } else {
                Kind::Core
            },
            imports: self.imports.iter().map(Import::to_string).collect(),
            exports: self.exports,
            memory_bytes_min: self.memory_bytes_min,
            table_elements_min: self.table_elements_min,
            functions: self.functions,
            code_bytes: self.code_bytes,
        }
    }
}

fn check_signatures(section: &TypeSectionReader<'_>) -> Result<(), Refusal> {
    for group in section.clone() {
        for ty in group.map_err(invalid)?.types() {
            if let CompositeInnerType::Func(signature) = &ty.composite_type.inner {
                limits::PARAMETERS.check(bytes(signature.params().len()))?;
                limits::RESULTS.check(bytes(signature.results().len()))?;
            }
        }
    }
    Ok(())
}

fn bytes(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
